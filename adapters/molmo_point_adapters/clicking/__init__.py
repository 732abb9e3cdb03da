"""The command `molmo-point click`, and which screen is meant."""
