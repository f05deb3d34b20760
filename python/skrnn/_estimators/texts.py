"""The base of estimators of texts, whose targets are their own tokens: data of a fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.samples import FitData, Samples, TextSamples, split
from skrnn._files.description import Description
from skrnn._sequences.container import Sequences
from skrnn._sequences.context import TextsInContext, as_side, context_of, in_context
from skrnn._sequences.language import Language, Texts, learn_language
from skrnn._targets.codec import Settings
from skrnn._targets.decoding import NextTokens
from skrnn._targets.next_tokens import TokenCodec, TokenSettings
from skrnn._training.loop import Data, TrainingData
from skrnn._training.windows import StreamedText

# With max_iter=None. Of the training parts of 5,000 words and of 300,000 characters of plays, with
# learning rates of 0.002, 0.005 and 0.01, 0.01 was the best, short texts were overfitted after
# 1,000 updates, and the long one was not after 2,000.
UPDATES_OF_ONE, UPDATES_OF_MANY = 2000, 1000


class TextEstimator(TrainableEstimator):
    """An estimator that is fitted on one long text, or on several texts."""

    context_size_: int

    @property
    def _updates(self) -> int:
        return UPDATES_OF_ONE if self._language.one_text else UPDATES_OF_MANY

    def _target_settings(self) -> TokenSettings:
        return TokenSettings(type(self).__name__)

    @property
    def _language(self) -> Language:
        codec = self._learned_codec
        assert isinstance(codec, TokenCodec)
        return codec.language

    def _check_samples(self, given: FitData, settings: Settings, *, begin: bool) -> Samples:
        """Return the texts to train on; learn their tokens if `begin`."""
        if begin:
            language, texts = learn_language(given.X, self.analyzer, self.min_frequency)
            self.__dict__.pop("vocabulary_", None)
            self._set_codec(TokenCodec(settings, NextTokens(language)))
            self._reads_tokens, self._saw_table, self._units = True, False, None
            self.n_features_in_, self._input_size = 1, language.size
            texts = in_context(texts, given.context, language, None)
            context = context_of(texts)
            self.context_size_ = 0 if context is None else context.n_channels
            self._begin()
        else:
            self._check_unchanged()  # or X would be held to what another network reads
            texts = self._read(given.X, given.context)
        steps = texts.lengths - 1
        if not steps.any():
            raise ValueError("X holds no token to learn from: the text is empty")
        return TextSamples.of(texts if steps.all() else texts[steps > 0])

    def _check_held_out(self, given: FitData, *, grows: bool) -> Samples | None:  # noqa: ARG002
        """Return the validation data of the user."""
        if given.X_val is None:
            return None
        texts = self._read(given.X_val, given.context_val, "_val")
        if not (texts.lengths > 1).any():
            raise ValueError("X_val holds no token to score: the text is empty")
        return TextSamples.of(texts)

    def _read(self, X: Any, context: Any, suffix: str = "") -> Texts:
        """Return texts as numbers, with their context."""
        language = self._language
        texts = language.read(X, f"X{suffix}")
        name = f"context{suffix}"
        return in_context(texts, context, language, self.context_size_, name)

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return a part to train on, and one that is held out: of one text its end."""
        if not self._is_one(samples.X):
            return split(samples, self.validation_fraction, None, self._history.seed)
        tokens = samples.X.values
        count = len(tokens) - 1
        kept = count - int(np.ceil(self.validation_fraction * count))
        if kept < 1:
            raise ValueError(
                f"early_stopping=True with validation_fraction={self.validation_fraction} leaves "
                f"nothing of a text of {count} tokens to train on; pass X_val, another "
                "validation_fraction, or early_stopping=False"
            )
        end = np.concatenate([tokens[:1], tokens[1 + kept :]])
        first, second = _alone(Texts, tokens[: 1 + kept]), _alone(Texts, end)
        context = context_of(samples.X)
        if context is not None:
            vectors = context.values
            one = len(vectors) == 1  # for the whole text
            halves = (vectors, vectors) if one else (vectors[:kept], vectors[kept:])
            first = TextsInContext.of(first, _alone(Sequences, halves[0]))
            second = TextsInContext.of(second, _alone(Sequences, halves[1]))
        return TextSamples.of(first), TextSamples.of(second)

    def _is_one(self, X: Sequences) -> bool:
        """Whether this is one long text, which streams."""
        return self._language.one_text and len(X) == 1

    def _validation_score(self, held_out: Samples) -> Callable[[], float]:
        return lambda: self.score(held_out.X)

    def _training_data(self, samples: Samples) -> Data:
        X = samples.X
        if self._is_one(X):
            return self._streamed(X)
        return TrainingData(X.values, X.offsets, None, None, side=as_side(context_of(X)))

    def _streamed(self, X: Sequences) -> StreamedText:
        tbptt = self.tbptt or max(1, (len(X.values) - 1) // self.batch_size)
        seed = self._history.seed
        return StreamedText(X.values, self.batch_size, tbptt, seed, context_of(X))

    def _restore(self, model: _core.Model, description: Description) -> None:
        self.context_size_ = model.side_channels
        super()._restore(model, description)

    def _updates_per_epoch(self, X: Sequences) -> int:
        if self._is_one(X):
            streamed = self._streamed(X)
            return int(np.ceil(streamed.steps / streamed.tbptt))
        return super()._updates_per_epoch(X)


def _alone(kind: type[Sequences], steps: NDArray[Any]) -> Sequences:
    """Return a container with one sequence."""
    return kind._of(steps, np.array([0, len(steps)]))
