"""Helpers that tests of several rooms share: problems, peers, processes."""
