"""Fitted models at work: streams, and the pipelines around an estimator."""
