"""Texts that a language model writes: settings, ends, and pieces; NumPy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.container import Sequences
from skrnn._sequences.context import as_side, read_context
from skrnn._sequences.counts import check_count, seed_of
from skrnn._sequences.documents import CHARACTERS, WORDS
from skrnn._sequences.language import Language
from skrnn._sequences.refuse import shown

_SIDE_BY_SIDE = 256  # sequences, of which each has a state and a row of scores
_STEPS = 32  # tokens between two looks for the end of a text
_MOST = float(np.finfo(np.float64).max)  # integers may be larger


@dataclass(frozen=True)
class SamplingOptions:
    """The choice of each token, as `generate` documents it."""

    temperature: Any = 1.0
    top_k: Any = None
    top_p: Any = None
    min_p: Any = None
    repetition_penalty: Any = 1.0
    random_state: Any = None

    def __post_init__(self) -> None:
        """Raise TypeError or ValueError for a setting out of range."""
        _check("temperature", self.temperature, lambda v: 0 <= v <= _MOST, "0 or more")
        if self.top_k is not None:
            check_count("top_k", self.top_k, 0)
        _check("top_p", self.top_p, lambda v: 0 < v <= 1, "above 0 and at most 1", none=True)
        _check("min_p", self.min_p, lambda v: 0 <= v <= 1, "in 0..1", none=True)
        _check("repetition_penalty", self.repetition_penalty, lambda v: 0 < v <= _MOST, "above 0")

    def sampler(self, excluded: list[int]) -> _core.Sampler:
        """Return a sampler that never draws the tokens `excluded`."""
        return _core.Sampler(
            temperature=float(self.temperature),
            top_k=0 if self.top_k is None else int(self.top_k),
            top_p=1.0 if self.top_p is None else float(self.top_p),
            min_p=0.0 if self.min_p is None else float(self.min_p),
            repetition_penalty=float(self.repetition_penalty),
            seed=seed_of(self.random_state),
            excluded=excluded,
        )


class Continuations:
    """The texts that a model writes after prefixes."""

    def __init__(
        self,
        model: _core.Model,
        language: Language,
        options: SamplingOptions,
        n_jobs: int | None = None,
    ) -> None:
        self._model = model
        self._language = language
        self._sampler = options.sampler(language.never_written)
        self._n_jobs = n_jobs

    def all(self, prefix: Any, max_new_tokens: Any, count: Any, stop: Any, context: Any) -> Any:
        """Return whole texts, as `generate` documents it."""
        most = check_count("max_new_tokens", max_new_tokens, 0)
        count = check_count("num_return_sequences", count, 1)
        stops = _stops_of(stop, self._language)
        prefixes, several = self._language.read_prefixes(prefix)
        contexts = self._contexts(context, prefixes, most)
        starts = [each for each in prefixes for _ in range(count)]
        if contexts is not None:
            contexts = contexts[np.repeat(np.arange(len(prefixes)), count)]
        texts: list[Any] = []
        for begin in range(0, len(starts), _SIDE_BY_SIDE):
            part = slice(begin, begin + _SIDE_BY_SIDE)
            generation = self._generation(
                starts[part], begin, None if contexts is None else contexts[part]
            )
            texts += self._write(generation, len(starts[part]), most, stops)
        return texts if several or count > 1 else texts[0]

    def each(self, prefix: Any, max_new_tokens: Any, stop: Any, context: Any) -> Iterator[Any]:
        """Return an iterator over the pieces of one text."""
        most = check_count("max_new_tokens", max_new_tokens, 0)
        stops = _stops_of(stop, self._language)
        prefixes, several = self._language.read_prefixes(prefix)
        if several:
            raise ValueError(
                f"prefix holds {len(prefixes)} prefixes, and generate_iter writes one text; pass "
                "one of them, or use generate"
            )
        contexts = self._contexts(context, prefixes, most)
        return self._pieces(self._generation(prefixes, 0, contexts), most, stops)

    def _contexts(self, context: Any, prefixes: list[NDArray[Any]], most: int) -> Sequences | None:
        """Return the context of each prefix and of `most` tokens behind it, if there is one."""
        counts = np.array([len(prefix) - 1 + most for prefix in prefixes])
        return read_context(context, counts, self._model.side_channels, ahead=True)

    def _generation(
        self, prefixes: list[NDArray[Any]], first: int, context: Sequences | None
    ) -> _core.Generation:
        language = self._language
        stream = _core.Stream(self._model, len(prefixes))
        stop = None if language.one_text else language.boundary
        return _core.Generation(
            stream, self._sampler, prefixes, stop, first_sequence=first, side=as_side(context)
        )

    def _write(
        self, generation: _core.Generation, count: int, most: int, stops: list[Any]
    ) -> list[Any]:
        texts = [Text(self._language, stops) for _ in range(count)]
        pieces: list[list[Any]] = [[] for _ in range(count)]
        left = most
        while left > 0 and not all(text.ended for text in texts):
            tokens, _ = generation.advance(min(_STEPS, left), n_jobs=self._n_jobs)
            left -= tokens.shape[1]
            for text, found, row in zip(texts, pieces, tokens.tolist(), strict=True):
                found.append(text.add(row))
        for text, found in zip(texts, pieces, strict=True):
            found.append(text.rest())
        return [self._joined(found) for found in pieces]

    def _joined(self, pieces: list[Any]) -> Any:
        if self._language.vocabulary is None:
            return np.array([token for piece in pieces for token in piece], np.int64)
        if self._language.kind in (CHARACTERS, WORDS):
            return "".join(pieces)
        return [token for piece in pieces for token in piece]

    def _pieces(self, generation: _core.Generation, most: int, stops: list[Any]) -> Iterator[Any]:
        text = Text(self._language, stops)
        strings = self._language.kind in (CHARACTERS, WORDS)
        for _ in repeat(None, most):
            tokens, _ = generation.advance(1, n_jobs=self._n_jobs)
            piece = text.add(tokens[0].tolist())
            if strings and piece:
                yield piece
            elif not strings:
                yield from piece if isinstance(piece, list) else piece.tolist()
            if text.ended:
                return
        if strings and (rest := text.rest()):
            yield rest


class Text:
    """One text while it is written."""

    def __init__(self, language: Language, stops: list[Any]) -> None:
        self._language = language
        self._stops = stops
        self._strings = language.kind in (CHARACTERS, WORDS)
        self._begun = False
        self._held = ""  # what may be the beginning of a stop
        self.ended = False

    def add(self, tokens: list[int]) -> Any:
        """Return the piece of text that further tokens add; nothing after the end."""
        if self.ended:
            tokens = []
        if self._language.boundary in tokens:
            tokens = tokens[: tokens.index(self._language.boundary)]
            self.ended = True
        piece = self._language.write(tokens, begins=not self._begun)
        self._begun = self._begun or bool(tokens)
        return self._before_stop(piece) if self._strings else self._before_token(piece)

    def rest(self) -> Any:
        """Return what was held back, now that no more tokens come."""
        held, self._held = self._held, ""
        return held if self._strings else []

    def _before_token(self, piece: Any) -> Any:
        for i, token in enumerate(piece):
            if token in self._stops:
                self.ended = True
                return piece[:i]
        return piece

    def _before_stop(self, piece: str) -> str:
        text, self._held = self._held + piece, ""
        # Of two that overlap the one that is complete first, in whatever pieces the text comes.
        found = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self.ended = True
            return text[: min(found)[1]]
        if self.ended:
            return text
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            end = text[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                self._held = end
                return text[:-length]
        return text


def _stops_of(stop: Any, language: Language) -> list[Any]:
    """Return what a text ends before, as a list."""
    if stop is None:
        return []
    one = isinstance(stop, (str, bytes)) or not hasattr(stop, "__iter__")
    stops = [stop] if one else list(stop)
    for each in stops:
        if language.vocabulary is None:
            check_count("stop", each, 0)
        elif not isinstance(each, str):
            raise TypeError(
                f"stop={shown(stop)}: {shown(each)} is a {type(each).__name__}; expected a string, "
                "or a list of strings"
            )
        elif not each:
            raise ValueError(f"stop={shown(stop)}: the empty string is everywhere; leave it out")
    return stops


def _check(name: str, value: Any, holds: Any, expected: str, *, none: bool = False) -> None:
    """Raise TypeError or ValueError unless a number is in its range."""
    if none and value is None:
        return
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(
            f"{name}={shown(value)} is a {type(value).__name__}; expected a number {expected}"
            f"{', or None' if none else ''}"
        )
    if not holds(value):
        raise ValueError(f"{name}={shown(value)}; expected a number {expected}")
