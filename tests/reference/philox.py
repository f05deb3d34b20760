"""Philox-4x32-10, random numbers without a state (Salmon, Moraes, Dror, Shaw, SC '11, section 4.3).

A bijection of 128-bit counters, selected by a 64-bit key: any number can be computed from its
counter at any time, so threads need no order and a backward pass no memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint32]

ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))  # golden ratio, sqrt(3) - 1
LOW = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)


def philox(counter: ArrayLike, key: ArrayLike) -> Words:
    """Return four words (..., 4) for every counter (..., 4) of 32-bit words, under one key (2,)."""
    c0, c1, c2, c3 = np.moveaxis(np.asarray(counter, np.uint64), -1, 0)  # uint64 for the products
    k0, k1 = np.asarray(key, np.uint64)
    for _ in range(ROUNDS):
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> SHIFT) ^ c1 ^ k0,
            product1 & LOW,
            (product0 >> SHIFT) ^ c3 ^ k1,
            product0 & LOW,
        )
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)
