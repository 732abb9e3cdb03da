"""Fused operations: a plain torch reference, a Triton kernel, and which of them runs."""
