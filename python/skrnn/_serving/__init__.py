"""Serving of fitted models: streams, sequences that go on, and the pipelines around an estimator."""
