"""Measuring models: metrics, and held-out scenes to apply them to."""
