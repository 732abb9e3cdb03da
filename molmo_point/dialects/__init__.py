"""How a generation of models says where things are: grounding tokens, or coordinates as text."""
