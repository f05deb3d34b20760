"""Epoch after epoch: the loop, what it starts from, and what watches it."""
