"""The letters of words: a small bidirectional network reads them, and its last states join the
word's embedding (Lample et al., NAACL 2016, arXiv:1603.01360; Ma & Hovy, ACL 2016).

  x_t = [embedding of word t | forward h after its last letter | reverse h after its first]

Every word is read where it stands, however often it comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reference import embedding
from reference.cell import Array
from reference.dropout import Masks
from reference.embedding import Tokens
from reference.modules import named, part_of
from reference.pooling import Last
from reference.stack import Stack, StackTape


@dataclass(frozen=True)
class Words:
    """A sequence of words, which has both."""

    tokens: Tokens  # (T,), of the words
    letters: Sequence[Tokens]  # of each word (L_t,), numbers of characters

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class Spelling:
    """The network of letters, one layer in both directions."""

    cell: str

    @property
    def stack(self) -> Stack:
        return Stack(self.cell, 1, 2)

    def parameter_shapes(
        self, characters: int, embedding_size: int, hidden_size: int
    ) -> dict[str, tuple[int, ...]]:
        """Return names and shapes in PyTorch's order."""
        of_stack = self.stack.parameter_shapes(embedding_size, hidden_size)
        return {
            "embedding.weight": (characters, embedding_size),
            **named("rnn", of_stack),
        }

    def forward(
        self, parameters: Mapping[str, Array], words: Sequence[Tokens]
    ) -> tuple[Array, list[StackTape]]:
        """Return the last states of each word, (T, 2 * H), and a tape of each."""
        states, tapes = [], []
        for letters in words:
            x = embedding.forward(parameters["embedding.weight"], letters)
            h, tape = self.stack.forward(part_of("rnn", parameters), x, Masks())
            states.append(_last(parameters).forward(h))
            tapes.append(tape)
        return np.array(states), tapes

    def backward(
        self,
        parameters: Mapping[str, Array],
        words: Sequence[Tokens],
        tapes: Sequence[StackTape],
        dstates: Array,
    ) -> dict[str, Array]:
        """Return the gradient of every parameter, given dL/d(states)."""
        gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
        for letters, tape, dlast in zip(words, tapes, dstates, strict=True):
            no_h = np.zeros((len(letters), len(dlast)))
            dh, _ = _last(parameters).backward(no_h, dlast)
            dx, of_stack = self.stack.backward(tape, dh)
            of_table = embedding.backward(parameters["embedding.weight"], letters, dx)
            of_word = {**named("rnn", of_stack), **named("embedding", of_table)}
            for name, gradient in of_word.items():
                gradients[name] += gradient
        return gradients


def _last(parameters: Mapping[str, Array]) -> Last:
    return Last(parameters["rnn.weight_hh_l0"].shape[1])
