"""Data to train and to measure on: generated scenes with exact truth, and questions about them."""
