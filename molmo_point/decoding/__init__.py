"""Choosing tokens: greedy decoding under the rules of points; knows no text and no pixels."""
