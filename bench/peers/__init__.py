"""Who takes part in the benchmarks, and how each does every piece of work: us, and the peers.

A module imports its library when it is imported itself, so that one which is not installed is
noticed, named and left out.
"""
