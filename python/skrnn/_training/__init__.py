"""Training: the loop of epochs, the parameters it starts from, checkpoints, and callbacks."""
