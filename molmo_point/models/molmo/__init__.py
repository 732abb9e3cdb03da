"""Molmo, the first generation: points as text, in percent of the image."""
