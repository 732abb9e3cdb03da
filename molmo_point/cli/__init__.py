"""The command line, `molmo-point`."""
