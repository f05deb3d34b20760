"""Dropout: masks that depend only on the place of each unit, to the bit.

The word of a unit is word ``unit % 4`` of Philox-4x32-10 with

  key     = (seed mod 2^32, seed div 2^32)             of a 64-bit seed
  counter = (site * 2^16 + unit div 4, step, sample, epoch)

- ``site``: 4 * layer + OUTPUT, RECURRENT or RECURRENT_REVERSE, mod 2^16; the input of the first
  layer counts as the output of layer -1, and a token as that of layer -2, with one unit
- ``unit``: its index in the features, under 2^18
- ``step``: t, counted in the whole sequence and not in a batch or a cut of it; 0 without a step
- ``sample``: the index of the sequence in the input of ``fit``, not in the minibatch
- ``epoch``: counted from 0

The unit is dropped if its word < floor(rate * 2^32), with the rate in double precision: the product
is exact, and at a rate under 1 it fits 32 bits. Kept units are divided by 1 - rate (inverted
dropout: Srivastava et al., JMLR 15, 2014), so that prediction needs no scaling.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array
from reference.philox import Words, philox

OUTPUT, RECURRENT, RECURRENT_REVERSE = 0, 1, 2  # 3 is free
INPUT_VECTORS, INPUT_TOKENS = -1, -2  # layers


@dataclass
class Masks:
    """The factors of the units of one sequence: 0 or 1 / (1 - rate); a missing entry is ones.

    Between layers every step has its own mask, as in ``torch.nn.LSTM(dropout=)``. The last layer's
    is between it and the head, so on the pooled features if there is pooling; PyTorch's module,
    which has no head, does not have that one.

    A recurrent mask is the same for all steps, and acts on h_{t-1} only in the product with
    ``weight_hh`` (Gal, Ghahramani, arXiv:1512.05287).

    A token that is dropped is read as token 0; its letters are read all the same.
    """

    output: dict[int, Array] = field(default_factory=dict)  # by layer: (T, D * H), pooled (D * H,)
    recurrent: dict[tuple[int, int], Array] = field(default_factory=dict)  # layer, direction: (H,)
    keeps_token: NDArray[np.bool_] | bool = True  # (T,)


def words(seed: int, epoch: int, sample: int, site: int, step: int, units: int) -> Words:
    """Return the word of each unit, (units,)."""
    blocks = -(-units // 4)
    counters = np.empty((blocks, 4), np.uint32)
    counters[:, 0] = (site % 2**16 << 16) + np.arange(blocks)
    counters[:, 1:] = step, sample, epoch
    return philox(counters, (seed & 0xFFFFFFFF, seed >> 32)).reshape(-1)[:units]


def keep_mask(
    seed: int, epoch: int, sample: int, site: int, step: int, units: int, rate: float
) -> NDArray[np.bool_]:
    """Return whether each unit is kept, (units,)."""
    threshold = np.uint32(np.floor(rate * 2.0**32))
    kept: NDArray[np.bool_] = words(seed, epoch, sample, site, step, units) >= threshold
    return kept


def scaled_mask(
    seed: int, epoch: int, sample: int, site: int, step: int, units: int, rate: float
) -> Array:
    """Return the factor of each unit, (units,)."""
    return keep_mask(seed, epoch, sample, site, step, units, rate) / (1 - rate)


def draw_masks(
    seed: int,
    epoch: int,
    sample: int,
    *,
    n_steps: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    pooling: str | None = "last",  # None: every step
    steps: int = 0,  # to come, with pooling "horizon"
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    input_size: int = 0,  # columns that the first layer reads
    input_dropout: float = 0.0,
    word_dropout: float = 0.0,
) -> Masks:
    """Return the masks of one sequence in one epoch."""
    directions = 2 if bidirectional else 1
    masks = Masks()
    if input_dropout:
        where = seed, epoch, sample, 4 * INPUT_VECTORS + OUTPUT
        by_step = [scaled_mask(*where, t, input_size, input_dropout) for t in range(n_steps)]
        masks.output[INPUT_VECTORS] = np.array(by_step)
    if word_dropout:
        where = seed, epoch, sample, 4 * INPUT_TOKENS + OUTPUT
        kept = [keep_mask(*where, t, 1, word_dropout)[0] for t in range(n_steps)]
        masks.keeps_token = np.array(kept)
    for layer in range(num_layers):
        if dropout:
            where = seed, epoch, sample, 4 * layer + OUTPUT
            size = directions * hidden_size
            if layer < num_layers - 1 or pooling is None:
                by_step = [scaled_mask(*where, t, size, dropout) for t in range(n_steps)]
                masks.output[layer] = np.array(by_step)
            elif pooling == "horizon":
                by_step = [scaled_mask(*where, t, size, dropout) for t in range(steps)]
                masks.output[layer] = np.array(by_step)
            else:
                size *= 3 if pooling == "last_mean_max" else 1
                masks.output[layer] = scaled_mask(*where, 0, size, dropout)
        if recurrent_dropout:
            for direction in range(directions):
                site = 4 * layer + (RECURRENT, RECURRENT_REVERSE)[direction]
                masks.recurrent[layer, direction] = scaled_mask(
                    seed, epoch, sample, site, 0, hidden_size, recurrent_dropout
                )
    return masks
