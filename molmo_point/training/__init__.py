"""Training: a model learns to point from scenes whose truth is known."""
