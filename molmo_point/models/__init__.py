"""The generations of models: transformers-native, a folder each with the same file names."""
