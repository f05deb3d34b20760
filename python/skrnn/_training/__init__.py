"""Training: the loop of epochs, initial parameters, checkpoints, and callbacks."""
