"""Serving of fitted models: streams, and the pipelines around an estimator."""
