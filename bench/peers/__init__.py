"""The contenders of the benchmarks: scikit-rnn and its peers, each with its way to do every task.

A module imports its library when it is imported itself, so that one which is not installed is
noticed, named and left out.
"""
