"""The codec of language models: at every step the target is the next token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._sequences.documents import INTEGERS
from skrnn._sequences.language import Language
from skrnn._targets.codec import Codec, Settings
from skrnn._targets.decoding import Meaning, NextTokens


class TokenSettings(Settings):
    """Targets that are numbers of tokens."""

    def check(self, y: Any, name: str = "y") -> NDArray[Any]:
        """Return numbers of tokens, (n,)."""
        tokens = np.asarray(y)
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu" or tokens.min(initial=0) < 0:
            raise ValueError(f"{name}: expected numbers of tokens, integers from 0 on")
        return tokens

    def learn(
        self,
        y: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,  # noqa: ARG002
    ) -> TokenCodec:
        """Return the codec of a language of integers."""
        size = int(y.max(initial=0)) + 2
        return TokenCodec(self, NextTokens(Language(INTEGERS, False, size, None)))

    def restore(
        self,
        meaning: Meaning,
        mean: NDArray[np.float64],  # noqa: ARG002
        scale: NDArray[np.float64],  # noqa: ARG002
    ) -> TokenCodec:
        """Return the codec of the language in a file."""
        if not isinstance(meaning, NextTokens):
            raise ValueError(f"{self.estimator} predicts tokens, and its file other answers")
        return TokenCodec(self, meaning)


@dataclass(frozen=True, eq=False)
class TokenCodec(Codec):
    """The next tokens, of the language that fit has learned."""

    next_tokens: NextTokens

    @property
    def language(self) -> Language:
        """The tokens."""
        return self.next_tokens.language

    @property
    def meaning(self) -> NextTokens:
        """Probabilities of the next token."""
        return self.next_tokens

    @property
    def loss(self) -> str:
        """The cross-entropy."""
        return "cross_entropy"

    @property
    def columns(self) -> int:
        """One: the number of the token."""
        return 1

    @property
    def outputs(self) -> int:
        """The tokens."""
        return self.language.size

    @property
    def attributes(self) -> dict[str, Any]:
        """The tokens, and the numbers of strings."""
        classes = {"classes_": self.language.classes}
        vocabulary = self.language.vocabulary
        return classes if vocabulary is None else classes | {"vocabulary_": vocabulary}

    def encode(self, y: NDArray[Any], name: str = "y") -> NDArray[np.float32]:
        """Return numbers of tokens as a column, (n, 1)."""
        if y.max(initial=0) >= self.language.size:
            raise ValueError(f"{name} holds token {y.max()}; expected 0..{self.language.size - 1}")
        return np.asarray(y, np.float32)[:, None]
