"""What language models do: scores of texts, the next token, and texts that they write; NumPy only.

Estimators and `skrnn.runtime` share it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._sequences.context import as_side, context_of, in_context, read_context
from skrnn._sequences.language import Language
from skrnn._serving.generation import Continuations, SamplingOptions

# Probabilities of so many tokens at once, 32 MiB.
_ANSWERS = 2**22


class WritesTexts(ABC):
    """The methods of a language model: `score`, `predict_proba`, `generate` and others."""

    @abstractmethod
    def _language_model(self) -> tuple[_core.Model, Language, int | None]:
        """Return the model, its language, and the number of threads."""

    # ---- Scores ----

    def sample_log_prob(self, X: Any, *, context: Any = None) -> NDArray[np.float64]:
        """Return the log-probability of each text.

        Parameters
        ----------
        X : texts
            As in fit. A string is one text.
        context : array-like of shape (n, K), or n arrays of shape (T_i, K); optional
            As in fit; needed if the model was fitted with one.

        Returns
        -------
        log_probabilities : array of shape (n,), float64
            The sum over the tokens of a text, of the logarithm of each one's probability after
            those before it. For models that were fitted on several texts it includes that the text
            ends.

        Raises
        ------
        TypeError, ValueError
            For what holds no texts, and for texts of another kind than fit saw.
        """
        return self._log_probabilities(X, context)[0]

    def score(self, X: Any, y: Any = None, *, context: Any = None) -> float:  # noqa: ARG002
        """Return the mean log-likelihood of a token.

        Parameters
        ----------
        X : texts
            As in fit.
        y : ignored
        context : array-like of shape (n, K), or n arrays of shape (T_i, K); optional
            As in fit; needed if the model was fitted with one.

        Returns
        -------
        score : float
            In nats, at most 0; higher is better. Where texts have ends, each counts as a token.

        Raises
        ------
        TypeError, ValueError
            As `sample_log_prob`, and for texts without any token.
        """
        sums, counts = self._log_probabilities(X, context)
        if not counts.sum():
            raise ValueError("X holds no token to score: the text is empty")
        return float(sums.sum() / counts.sum())

    def perplexity(self, X: Any, *, context: Any = None) -> float:
        """Return the perplexity of texts: ``exp(-score(X))``.

        Parameters
        ----------
        X : texts
            As in fit.
        context : array-like of shape (n, K), or n arrays of shape (T_i, K); optional
            As in fit; needed if the model was fitted with one.

        Returns
        -------
        perplexity : float
            1 for a model that knows each token before it comes; as many as there are tokens for one
            that knows nothing.
        """
        with np.errstate(over="ignore"):
            return float(np.exp(-self.score(X, context=context)))

    def _log_probabilities(
        self, X: Any, context: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the log-probability of each text, and its number of targets; both (n,)."""
        model, language, n_jobs = self._language_model()
        texts = in_context(language.read(X), context, language, model.side_channels)
        counts = texts.lengths - 1
        sums = np.zeros(len(texts))
        most = max(1, _ANSWERS // language.size)
        begin = 0
        while begin < len(texts):
            # As many texts as fit; a longer one is read by a stream, with the same bits.
            through = texts.offsets[begin] + most
            end = max(begin + 1, int(np.searchsorted(texts.offsets, through, "right")) - 1)
            part = texts[begin:end]
            if counts[begin] > most:
                sums[begin] = _sum_of_long(model, part, most)
            else:
                sums[begin:end] = _sums(model, part, n_jobs)
            begin = end
        return sums, counts

    # ---- The next token ----

    def predict_proba(self, X: Any, *, context: Any = None) -> NDArray[np.float64]:
        """Return the probability of each token to come next.

        Parameters
        ----------
        X : prefixes
            Beginnings of texts: a list as in fit, or one. Empty ones are the beginning of any text.
        context : array-like of shape (n, K), or n arrays of shape (T_i + 1, K); optional
            As in fit, and with a vector for the next token, too.

        Returns
        -------
        probabilities : array of shape (n, n_classes), float64
            In the order of `classes_`. Rows sum to one. One prefix gives one row.

        Raises
        ------
        TypeError, ValueError
            For prefixes of another kind than the texts that fit saw.
        """
        model, language, n_jobs = self._language_model()
        prefixes, _ = language.read_prefixes(X, "X")
        lengths = np.array([*map(len, prefixes)])  # with the boundary: tokens to be predicted
        contexts = read_context(context, lengths, model.side_channels, ahead=True)
        most = max(1, _ANSWERS // language.size)
        rows = np.empty((len(prefixes), language.size))
        begin = 0
        while begin < len(prefixes):
            if len(prefixes[begin]) > most:
                stream = _core.Stream(model)
                vectors = None if contexts is None else contexts[begin]
                for at in range(0, len(prefixes[begin]), most):
                    block = prefixes[begin][at : at + most]
                    some = _of_steps(vectors, at, len(block))
                    rows[begin] = stream.process(block, context=some)[-1]
                begin += 1
                continue
            end, steps = begin, 0
            while end < len(prefixes) and steps + len(prefixes[end]) <= most:
                steps += len(prefixes[end])
                end += 1
            offsets = np.cumsum([0, *map(len, prefixes[begin:end])])
            answers = model.predict(
                np.concatenate(prefixes[begin:end]),
                offsets,
                side=as_side(None if contexts is None else contexts[begin:end]),
                n_jobs=n_jobs,
            )
            rows[begin:end] = answers[offsets[1:] - 1]
            begin = end
        return rows

    def predict_log_proba(self, X: Any, *, context: Any = None) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : prefixes
            As in `predict_proba`.
        context : array-like, optional
            As in `predict_proba`.

        Returns
        -------
        log_probabilities : array of shape (n, n_classes), float64
            -inf where a probability is too small for float64.
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X, context=context)))

    def predict(self, X: Any, *, context: Any = None) -> NDArray[Any]:
        """Return the most probable next token.

        Parameters
        ----------
        X : prefixes
            As in `predict_proba`.
        context : array-like, optional
            As in `predict_proba`.

        Returns
        -------
        tokens : array of shape (n,)
            Strings as in `vocabulary_`, or integers. Where a text most probably ends: ``"<end>"``,
            or -1.
        """
        _, language, _ = self._language_model()
        return np.asarray(language.classes[self.predict_proba(X, context=context).argmax(axis=1)])

    # ---- Texts ----

    def generate(
        self,
        prefix: Any = "",
        max_new_tokens: int = 100,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        num_return_sequences: int = 1,
        stop: Any = None,
        context: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Write texts, token by token.

        Parameters
        ----------
        prefix : str, list or array, or several of them, default=""
            What a text begins with: of models of texts a string, of others a list of strings or
            integers. A list of prefixes gives as many texts, side by side.
        max_new_tokens : int, default=100
            The most tokens of a text.
        temperature : float, default=1.0
            Below 1 probable tokens become more probable; 0 takes the most probable one.
        top_k : int, optional
            Only the k most probable tokens are drawn; 0 is all, as None.
        top_p : float, optional
            Only the smallest set of tokens is drawn from whose probabilities sum up to top_p
            (nucleus sampling; Holtzman et al. 2020).
        min_p : float, optional
            Only tokens are drawn that are at least min_p times as probable as the most probable.
        repetition_penalty : float, default=1.0
            Above 1 tokens that the text holds already, its prefix included, become less probable:
            their log-probabilities are multiplied by it (Keskar et al. 2019).
        num_return_sequences : int, default=1
            Texts for each prefix.
        stop : str, int or list of them, optional
            The text ends before the first of these that is complete: strings that may span several
            tokens, or for models of lists or integers tokens.
        context : array-like of shape (n, K), or n arrays of shape (T_i + max_new_tokens, K)
            As in fit, for each prefix: a vector for the text, or one for each token of the prefix
            and each new one. Needed if the model was fitted with one.
        random_state : int, RandomState instance or None, default=None
            The same number gives the same texts, with any `n_jobs`, and the first ones are the same
            with any `num_return_sequences`.

        Returns
        -------
        text : str, list of str, or array of int
            What follows the prefix. Texts end where the model ends them, if it was fitted on
            several. A list of such for a list of prefixes or several sequences, those of a prefix
            together.

        Raises
        ------
        TypeError, ValueError
            For settings out of range, and prefixes of another kind than fit saw.
        RuntimeError
            If nothing can be drawn, as from a model whose training diverged.
        """
        options = SamplingOptions(
            temperature, top_k, top_p, min_p, repetition_penalty, random_state
        )
        model, language, n_jobs = self._language_model()
        texts = Continuations(model, language, options, n_jobs)
        return texts.all(prefix, max_new_tokens, num_return_sequences, stop, context)

    def generate_iter(
        self,
        prefix: Any = "",
        max_new_tokens: int = 100,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: Any = None,
        context: Any = None,
        random_state: Any = None,
    ) -> Iterator[Any]:
        """Write one text, and yield it piece by piece.

        Parameters
        ----------
        prefix : str, list or array, default=""
            What the text begins with.
        max_new_tokens, temperature, top_k, top_p, min_p, repetition_penalty, stop
            As in `generate`.
        context, random_state
            As in `generate`.

        Yields
        ------
        piece : str or int
            Strings that join to the text that `generate` returns, or its tokens one by one.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As `generate`; for a list of prefixes, too.
        """
        options = SamplingOptions(
            temperature, top_k, top_p, min_p, repetition_penalty, random_state
        )
        model, language, n_jobs = self._language_model()
        texts = Continuations(model, language, options, n_jobs)
        return texts.each(prefix, max_new_tokens, stop, context)


def _sums(model: _core.Model, texts: Any, n_jobs: int | None) -> NDArray[np.float64]:
    """Return the log-probability of each of some texts, in one call of the model."""
    sums = np.zeros(len(texts))
    some = np.flatnonzero(texts.lengths > 1)
    if len(some) == 0:
        return sums
    texts = texts[some]
    values, offsets = texts.values, texts.offsets
    targets = np.ones(len(values), bool)
    targets[offsets[:-1]] = False
    inputs = np.ones(len(values), bool)
    inputs[offsets[1:] - 1] = False
    steps = offsets - np.arange(len(offsets))
    answers = model.predict(values[inputs], steps, side=as_side(context_of(texts)), n_jobs=n_jobs)
    sums[some] = np.add.reduceat(_logs(answers, values[targets]), steps[:-1])
    return sums


def _sum_of_long(model: _core.Model, text: Any, block: int) -> float:
    """Return the log-probability of one text, of which `block` tokens are read at once."""
    stream, tokens = _core.Stream(model), text.values
    context = context_of(text)
    vectors = None if context is None else context[0]
    total = 0.0
    for begin in range(0, len(tokens) - 1, block):
        end = min(begin + block, len(tokens) - 1)
        inputs = tokens[begin:end].astype(np.int64)
        some = _of_steps(vectors, begin, len(inputs))
        answers = stream.process(inputs, context=some)[:, 0]
        total += float(_logs(answers, tokens[begin + 1 : end + 1]).sum())
    return total


def _of_steps(vectors: NDArray[Any] | None, begin: int, steps: int) -> NDArray[Any] | None:
    """Return the vectors of some steps of a text, of which the last one stays."""
    if vectors is None:
        return None
    rows = np.arange(begin, begin + steps).clip(max=len(vectors) - 1)
    return np.asarray(vectors[rows])


def _logs(answers: NDArray[np.float64], tokens: NDArray[Any]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(answers[np.arange(len(tokens)), tokens]))
