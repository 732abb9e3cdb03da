"""Screens: pages rendered by a browser, with the truth read from their layout."""
