"""Tables with things on them, rendered as a robot's camera sees them."""
