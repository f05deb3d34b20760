"""What people fit."""
