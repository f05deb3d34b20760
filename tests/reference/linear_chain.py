"""A linear-chain CRF over the labels of one sequence (Lafferty, McCallum & Pereira, ICML 2001).

With emissions e (T, K), a path y of labels scores

    start[y_0] + sum_t e[t, y_t] + sum_{t > 0} between[y_{t-1}, y_t] + end[y_{T-1}]

and its probability is exp(score) over the sum of exp(score) of all paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.cell import Array

Labels = NDArray[Any]  # (T,)


@dataclass(frozen=True)
class LinearChain:
    """The scores that all steps have in common."""

    between: Array  # (K, K) from, to
    start: Array  # (K,)
    end: Array  # (K,)

    def score(self, emissions: Array, labels: Labels) -> float:
        """Return the score of one path."""
        steps = emissions[np.arange(len(labels)), labels].sum()
        pairs = self.between[labels[:-1], labels[1:]].sum()
        return float(self.start[labels[0]] + steps + pairs + self.end[labels[-1]])

    def forward(self, emissions: Array) -> Array:
        """Return log sums over the paths up to each step that end in each label, (T, K)."""
        alpha = np.empty_like(emissions)
        alpha[0] = self.start + emissions[0]
        for t in range(1, len(emissions)):
            alpha[t] = log_sum(alpha[t - 1][:, None] + self.between, axis=0) + emissions[t]
        return alpha

    def backward(self, emissions: Array) -> Array:
        """Return log sums over the paths that follow each label of each step, (T, K)."""
        beta = np.empty_like(emissions)
        beta[-1] = self.end
        for t in range(len(emissions) - 1, 0, -1):
            beta[t - 1] = log_sum(self.between + emissions[t] + beta[t], axis=1)
        return beta

    def log_partition(self, emissions: Array) -> float:
        """Return log Z."""
        return float(log_sum(self.forward(emissions)[-1] + self.end, axis=0))

    def marginals(self, emissions: Array) -> Array:
        """Return the probability of each label at each step (T, K): d(log Z)/d(emissions)."""
        joint = self.forward(emissions) + self.backward(emissions)
        return np.asarray(np.exp(joint - self.log_partition(emissions)))

    def pairs(self, emissions: Array) -> Array:
        """Return d(log Z)/d(between), (K, K): probabilities of pairs, summed over the steps."""
        alpha, beta = self.forward(emissions), self.backward(emissions)
        after = emissions + beta
        joint = alpha[:-1, :, None] + self.between + after[1:, None, :]
        return np.asarray(np.exp(joint - self.log_partition(emissions)).sum(axis=0))

    def loss(self, emissions: Array, labels: Labels) -> float:
        """Return the negative log-likelihood of a path."""
        return self.log_partition(emissions) - self.score(emissions, labels)

    def gradient(self, emissions: Array, labels: Labels) -> tuple[Array, LinearChain]:
        """Return the gradient of the loss by the emissions, and by the scores."""
        demissions = self.marginals(emissions)
        dstart, dend = demissions[0].copy(), demissions[-1].copy()
        demissions[np.arange(len(labels)), labels] -= 1
        dbetween = self.pairs(emissions)
        np.subtract.at(dbetween, (labels[:-1], labels[1:]), 1)
        dstart[labels[0]] -= 1
        dend[labels[-1]] -= 1
        return demissions, LinearChain(dbetween, dstart, dend)

    def best_path(self, emissions: Array) -> Labels:
        """Return the path of the largest score (Viterbi, 1967)."""
        best = self.start + emissions[0]
        before = []
        for e in emissions[1:]:
            scores = best[:, None] + self.between
            before.append(scores.argmax(axis=0))
            best = scores.max(axis=0) + e
        labels = [int((best + self.end).argmax())]
        for choice in reversed(before):
            labels.append(int(choice[labels[-1]]))
        return np.array(labels[::-1])

    def paths(self, n_steps: int) -> Iterator[Labels]:
        """Yield every path: for brute force."""
        for path in product(range(len(self.start)), repeat=n_steps):
            yield np.array(path)

    def ranked_paths(self, emissions: Array) -> list[Labels]:
        """Return every path, best first.

        Of equal scores the first has the smaller label at the last step where they differ.
        """
        return sorted(
            self.paths(len(emissions)),
            key=lambda path: (-self.score(emissions, path), *path[::-1]),
        )

    def flat(self) -> Array:
        """Return all scores one after another, as the engine takes them."""
        return np.concatenate([self.between.ravel(), self.start, self.end])


def log_sum(scores: Array, axis: int) -> Array:
    """log sum exp, without overflow."""
    most = scores.max(axis=axis, keepdims=True)
    sums = np.log(np.exp(scores - most).sum(axis=axis))
    return np.asarray(sums + most.squeeze(axis))
