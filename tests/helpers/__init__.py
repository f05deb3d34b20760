"""Helpers that tests of several folders share: problems, peers, processes."""
