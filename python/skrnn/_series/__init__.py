"""Series of numbers: what can be said of them, and forecast, without a network."""
