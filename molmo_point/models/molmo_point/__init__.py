"""MolmoPoint: Molmo2 with grounding tokens, which choose a patch, a place in it, and so a pixel."""
