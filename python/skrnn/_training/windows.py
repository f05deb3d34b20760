"""One long text as data: streams side by side, window after window, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.container import Sequences
from skrnn._sequences.context import Side

WINDOW = 2**20  # tokens of all streams together


@dataclass(frozen=True)
class StreamedText:
    """A text that is cut into streams, which are read side by side from their beginnings on.

    In each epoch the cuts are elsewhere, by less than `tbptt` tokens, so that the network does not
    learn where they are. Every stream begins with the token that begins the text: what follows it
    is a token from anywhere.
    """

    tokens: NDArray[Any]  # (S + 1,), of a type that the engine reads; the first one is the boundary
    streams: int  # at most
    tbptt: int
    seed: int
    context: Sequences | None = None  # of the text: one vector, or one for each token
    window: int = WINDOW

    @property
    def steps(self) -> int:
        """L, the steps of each stream, in each epoch."""
        return (self._length - self._most_skipped) // self._count

    @property
    def _length(self) -> int:
        return len(self.tokens) - 1

    @property
    def _count(self) -> int:
        """B: streams of at least `tbptt` steps, as many as there are, and one of a short text."""
        return int(np.clip(self._length // self.tbptt, 1, self.streams))

    @property
    def _most_skipped(self) -> int:
        """The largest number of tokens before the first stream, where the text can spare them."""
        return self.tbptt - 1 if self._length >= 2 * self.tbptt * self._count else 0

    def run_epoch(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], **options: Any
    ) -> dict[str, Any]:
        """Train one epoch in place."""
        losses, steps, norms, updates = [], [], [], 0
        diverged = False
        for values, offsets, side, continues in self._windows(options["epoch"]):
            summary = trainer.run_epoch(
                parameters, values, offsets, side=side, continues=continues, **options
            )
            losses.append(summary["loss"])
            steps.append(len(values) - len(offsets) + 1)
            norms.append(summary["gradient_norm"])
            updates += summary["updates"]
            diverged = summary["diverged"]
            if diverged:
                break
        return {
            "loss": float(np.average(losses, weights=steps)),
            "gradient_norm": max(norms),
            "updates": updates,
            "diverged": diverged,
        }

    def evaluate(
        self, trainer: _core.Trainer, parameters: NDArray[np.float32], n_jobs: int | None
    ) -> float:
        """Return the mean loss of the streams of the first epoch."""
        losses, steps = [], []
        for values, offsets, side, continues in self._windows(0):
            loss = trainer.evaluate(
                parameters, values, offsets, side=side, continues=continues, n_jobs=n_jobs
            )
            losses.append(loss)
            steps.append(len(values) - len(offsets) + 1)
        return float(np.average(losses, weights=steps))

    def _windows(
        self, epoch: int
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.int64], Side | None, bool]]:
        """Yield tokens, offsets, side channels, and whether they go on from the window before.

        Windows overlap by one token: the last target of one is the first input of the next.
        """
        count, steps = self._count, self.steps
        skipped = 0
        if self._most_skipped:
            rng = np.random.default_rng((self.seed, epoch))
            skipped = int(rng.integers(self._most_skipped + 1))
        begin = 1 + skipped
        streams = self.tokens[begin : begin + count * steps].reshape(count, steps)
        length = self.tbptt * max(1, self.window // (count * self.tbptt))
        for start in range(0, steps, length):
            stop = min(start + length, steps)
            window = np.empty((count, stop - start + 1), self.tokens.dtype)
            window[:, 0] = self.tokens[0] if start == 0 else streams[:, start - 1]
            window[:, 1:] = streams[:, start:stop]
            offsets = np.arange(count + 1) * window.shape[1]
            yield window.ravel(), offsets, self._side(skipped, start, stop), start > 0

    def _side(self, skipped: int, start: int, stop: int) -> Side | None:
        """Return the vectors of the tokens [start, stop) of all streams: those to be predicted."""
        if self.context is None:
            return None
        vectors, count, steps = self.context.values, self._count, self.steps
        if len(vectors) == 1:
            return np.repeat(vectors, count, axis=0), np.arange(count + 1)
        streams = vectors[skipped : skipped + count * steps].reshape(count, steps, -1)
        window = streams[:, start:stop].reshape(count * (stop - start), -1)
        return window, np.arange(count + 1) * (stop - start)
