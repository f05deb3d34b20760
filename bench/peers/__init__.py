"""The contenders of the benchmarks: scikit-rnn and its peers, with an implementation of each task.

A module imports its library when it is imported itself; a library that is not installed is named
and left out.
"""
