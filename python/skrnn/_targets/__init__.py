"""Targets: y to what the engine learns, and its answers back."""
