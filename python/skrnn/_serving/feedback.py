"""Sequences that a model continues: it reads a prefix, then its own output; NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.checks import is_table
from skrnn._sequences.container import Sequences
from skrnn._sequences.counts import check_count, seed_of
from skrnn._targets.decoding import Meaning, Numbers

Row = NDArray[np.float64]
# Makes the next step, (C,), of the answers at the last one, (A,).
# Quoted, because NumPy imports its random numbers when they are first asked for.
Draw = Callable[["np.random.RandomState", Row], Row]

_MEDIAN = 0.5
_LARGEST_RATE = 2.0**62  # the counts of Poisson's distribution are integers of 64 bits


@dataclass(frozen=True)
class Feedback:
    """A model of numbers whose output at a step is its input at the next one."""

    model: _core.Model
    meaning: Meaning
    loss: str
    loss_options: Mapping[str, Any]
    reads_tokens: bool

    def generate(
        self, prefix: Any, n_steps: Any, random_state: Any, check: Callable[[Any], Sequences]
    ) -> Any:
        """Return what follows a prefix, or each of several.

        Parameters
        ----------
        prefix : array of shape (T,) or (T, C), or sequences of shape (n,)
        n_steps : int
        random_state : int, RandomState instance or None
        check : callable
            Returns a list of sequences as the model reads them.

        Returns
        -------
        continuation : array of shape (n_steps,) or (n_steps, C), float64, or a list of them
            With the dimensions of the prefix.

        Raises
        ------
        TypeError, ValueError
            For a model that cannot read what it writes, and for arguments that are refused.
        """
        draw = self._draw()
        n_steps = check_count("n_steps", n_steps, 0)
        seed = seed_of(random_state)
        one = _is_one(prefix)
        given = [prefix if hasattr(prefix, "columns") else np.asarray(prefix)] if one else prefix
        self._refuse_empty(given)
        sequences = check(given)
        rngs = [np.random.RandomState([seed, i]) for i in range(len(sequences))]
        written = self._continued(sequences, int(n_steps), draw, rngs)
        results = [
            steps[:, 0] if np.ndim(item) == 1 else steps
            for item, steps in zip(given, written, strict=True)
        ]
        return results[0] if one else results

    def _draw(self) -> Draw:
        """Return the function from answers to the next step; refuse a model that has none."""
        if self.reads_tokens:
            raise ValueError(
                "generate needs a model that reads channels, and this one reads tokens, which its "
                "numbers are not"
            )
        assert isinstance(self.meaning, Numbers)
        channels, targets = self.model.channels, self.meaning.targets
        if channels != targets:
            raise ValueError(
                f"generate makes the numbers of a step the next input, but this model reads "
                f"{channels} channels and predicts {targets} numbers; fit it with the next step as "
                "the target: X = [x[:-1] for x in series], y = [x[1:] for x in series]"
            )
        if self.loss == "gaussian_nll":
            return lambda rng, answers: (
                answers[:targets] + answers[targets:] * rng.standard_normal(targets)
            )
        if self.loss == "binary_cross_entropy":
            return lambda rng, answers: (rng.random_sample(targets) < answers).astype(np.float64)
        if self.loss == "poisson":
            return _counts
        if self.loss == "quantile":
            levels = [float(level) for level in self.loss_options["quantiles"]]
            if _MEDIAN not in levels:
                raise ValueError(
                    f"generate goes on with the median, and quantiles={levels} do not hold "
                    f"{_MEDIAN}; fit with it among them"
                )
            median = levels.index(_MEDIAN)
            return lambda _, answers: answers.reshape(targets, len(levels))[:, median]
        return lambda _, answers: answers

    def _refuse_empty(self, given: Any) -> None:
        if isinstance(given, (list, tuple, Sequences)):
            for i, item in enumerate(given):
                if hasattr(item, "__len__") and len(item) == 0:
                    raise ValueError(
                        f"sequence {i} of prefix has no steps; the first step that is written "
                        "follows one that is read: pass at least one, such as "
                        f"np.zeros((1, {self.model.channels}))"
                    )

    def _continued(
        self, prefixes: Sequences, n_steps: int, draw: Draw, rngs: list[np.random.RandomState]
    ) -> list[NDArray[np.float64]]:
        """Return the steps, (n_steps, C), that follow each prefix.

        Prefixes of one length share a stream.
        """
        written = np.empty((len(prefixes), n_steps, prefixes.n_channels))
        lengths, offsets = prefixes.lengths, prefixes.offsets
        for length in np.unique(lengths):
            together = np.flatnonzero(lengths == length)
            stream = _core.Stream(self.model, len(together))
            rows = offsets[together] + np.arange(length)[:, None]  # (T, B)
            answers = stream.process(prefixes.values[rows])[-1]
            for t in range(n_steps):
                if t > 0:
                    answers = stream.step(written[together, t - 1])
                for i, row in zip(together, answers, strict=True):
                    written[i, t] = draw(rngs[i], row)
        return list(written)


def _counts(rng: np.random.RandomState, rates: Row) -> Row:
    if not (rates <= _LARGEST_RATE).all():
        raise ValueError(
            f"the rates have grown to {rates.max():g}, for which no counts can be drawn; the model "
            "has left what it was fitted on: train it longer, or generate fewer steps"
        )
    return rng.poisson(rates).astype(np.float64)


def _is_one(prefix: Any) -> bool:
    """Whether a prefix is one sequence: a table, an array of numbers, or a list of them."""
    if isinstance(prefix, Sequences):
        return False
    if isinstance(prefix, (list, tuple)) and len(prefix) > 0 and all(map(_is_scalar, prefix)):
        return True
    array = getattr(prefix, "ndim", None) == 1 and prefix.dtype != object
    return array or is_table(prefix, "prefix")


def _is_scalar(value: Any) -> bool:
    return np.isscalar(value) or getattr(value, "ndim", 1) == 0
