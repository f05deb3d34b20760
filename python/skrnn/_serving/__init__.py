"""Serving of fitted models: streams, continued sequences, and pipelines around an estimator."""
