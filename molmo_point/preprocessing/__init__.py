"""Images, videos and queries -> crops, token layouts and prompts; numpy in, numpy out."""
