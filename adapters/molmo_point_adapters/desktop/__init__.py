"""The desktop: its monitors and windows, and the pointer that a person moves."""
