"""Counts of what follows: the baseline of language models.

The probability of a token mixes its share after the last N tokens with that after one less, and so
on down to all tokens alike; the more different tokens have followed, the less the counts are
believed (Witten & Bell 1991).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

END = None


class NGrams:
    """A model of one text, or of a list of texts or of token lists, which have ends.

    Parameters
    ----------
    order : int
        N, the tokens that are looked back on.
    """

    def __init__(self, order: int) -> None:
        self.order = order

    def fit(self, X: Any, y: Any = None) -> NGrams:  # noqa: ARG002
        self._ends = [] if isinstance(X, str) else [END]
        self._after: dict[Any, Counter[Hashable]] = defaultdict(Counter)
        for tokens in self._texts(X):
            for i, token in enumerate(tokens):
                for begin in range(max(0, i - self.order), i + 1):
                    self._after[tuple(tokens[begin:i])][token] += 1
        tokens_seen = self._after[()]
        self.classes_ = sorted((token for token in tokens_seen if token is not END), key=str)
        self._size = len(tokens_seen) + 1  # and the unknown one
        return self

    def _texts(self, X: Any) -> list[list[Any]]:
        return [[*text, *self._ends] for text in ([X] if isinstance(X, str) else X)]

    def probability(self, token: Hashable, before: Sequence[Hashable]) -> float:
        p = 1 / self._size
        for length in range(min(self.order, len(before)) + 1):
            counts = self._after.get(tuple(before[len(before) - length :]))
            if counts:
                p = (counts[token] + len(counts) * p) / (counts.total() + len(counts))
        return p

    def score(self, X: Any) -> float:
        """The mean log-likelihood of a token, ends included."""
        total, count = 0.0, 0
        for tokens in self._texts(X):
            for i, token in enumerate(tokens):
                total += math.log(self.probability(token, tokens[max(0, i - self.order) : i]))
            count += len(tokens)
        return total / count

    def probabilities(self, before: Sequence[Hashable]) -> np.ndarray:
        """Of every token of `classes_`, and last of the end."""
        place = {token: i for i, token in enumerate([*self.classes_, END])}
        p = np.full(len(place), 1 / self._size)
        for length in range(min(self.order, len(before)) + 1):
            counts = self._after.get(tuple(before[len(before) - length :]))
            if counts:
                p *= len(counts)
                p[[place[token] for token in counts]] += list(counts.values())
                p /= counts.total() + len(counts)
        return p

    def ranked(self, prefixes: Sequence[Sequence[Hashable]], n: int) -> list[list[Any]]:
        """The n most probable tokens after each prefix."""
        rows = [self.probabilities(prefix[-self.order :])[:-1] for prefix in prefixes]
        return [[self.classes_[i] for i in np.argsort(-row, kind="stable")[:n]] for row in rows]

    def write(self, count: int, seed: int, most: int = 200) -> list[str]:
        """Texts of a model of characters."""
        rng = np.random.default_rng(seed)
        tokens = [*self.classes_, END]
        texts = []
        for _ in range(count):
            text: list[Any] = []
            while len(text) < most:
                p = self.probabilities(text[-self.order :])
                token = tokens[rng.choice(len(tokens), p=p / p.sum())]
                if token is END:
                    break
                text.append(token)
            texts.append("".join(text))
        return texts
