"""What X may be, and how it becomes sequences end to end."""
