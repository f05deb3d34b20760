"""Sequences: the forms that X may have, and one array of steps that holds them end to end."""
