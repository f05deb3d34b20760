"""Text and events to integer sequences."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, check_scalar

from skrnn._sequences.checks import as_sequences
from skrnn._sequences.container import Sequences
from skrnn._sequences.tokens import WORD_PATTERN, Analyzer, decoded, documents_of
from skrnn._sequences.transformed import transformed
from skrnn._sequences.vocabulary import learn_vocabulary, numbered

_UNKNOWN = "<unk>"


# auto_wrap_output_keys=None: a data frame, which set_output could request, cannot hold sequences.
class TokenEncoder(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    r"""Number the words, characters or events of texts and lists.

    Tokens are numbered from 1 on, the most frequent first, and equally frequent ones in the order
    of the alphabet. 0 is kept for the unknown: a token that `fit` did not see, or did not keep.

    Parameters
    ----------
    analyzer : {"word", "char"} or callable, default="word"
        The definition of a token. "word" finds words with `token_pattern`, "char" takes every
        character, blanks and line ends included. A callable is given each text and returns its
        tokens. "word" and "char" leave lists of tokens unchanged.
    lowercase : bool, default=True
        Whether "word" and "char" turn texts to lower case first.
    token_pattern : str, default=r"(?u)\\b\\w+\\b"
        The regular expression of a "word". Unlike CountVectorizer's it keeps words of one letter,
        such as "I" and "a", which matter when order does.
    max_tokens : int, optional
        Keep only the most frequent tokens. The unknown token is not counted.
    min_frequency : int, default=1
        Keep only tokens that occur at least this often in `fit`, in all texts together.

    Attributes
    ----------
    vocabulary_ : dict of token to int
        The numbers of the known tokens, from 1 on.
    n_tokens_ : int
        The known tokens and the unknown one: the rows that an embedding needs.

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Counts tokens and forgets their order.

    Notes
    -----
    A text without any token, such as "", becomes one unknown token: a network cannot read an empty
    sequence, and one blank text should not stop the prediction of all others.

    With ``min_frequency=1`` and no `max_tokens` the unknown token never occurs in training, and
    predictions for it are arbitrary. With ``min_frequency=2`` it stands for the rare tokens.

    Examples
    --------
    >>> from skrnn.preprocessing import TokenEncoder
    >>> encoder = TokenEncoder().fit(["The cat sat.", "The dog sat!"])
    >>> encoder.vocabulary_
    {'sat': 1, 'the': 2, 'cat': 3, 'dog': 4}
    >>> X = encoder.transform(["A dog sat.", ""])
    >>> X.to_list()
    [array([0, 4, 1], dtype=int32), array([0], dtype=int32)]
    >>> encoder.inverse_transform(X)
    [['<unk>', 'dog', 'sat'], ['<unk>']]
    """

    def __init__(
        self,
        analyzer: str | Callable[[Any], Iterable[Hashable]] = "word",
        *,
        lowercase: bool = True,
        token_pattern: str = WORD_PATTERN,
        max_tokens: int | None = None,
        min_frequency: int = 1,
    ) -> None:
        self.analyzer = analyzer
        self.lowercase = lowercase
        self.token_pattern = token_pattern
        self.max_tokens = max_tokens
        self.min_frequency = min_frequency

    def fit(self, X: Any, y: Any = None) -> TokenEncoder:  # noqa: ARG002
        """Learn the vocabulary.

        Parameters
        ----------
        X : iterable of n str, or of n lists of tokens
            Tokens are strings, or anything else that is hashable.
        y : None
            Ignored.

        Returns
        -------
        self : TokenEncoder

        Raises
        ------
        TypeError
            For one text in place of several, for items that are neither text nor a list of tokens,
            and for parameters that are not integers.
        ValueError
            For parameters out of range, for texts in an array of two dimensions, and where no token
            is found or kept.
        """
        self._learn(self._documents(X))
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Sequences:  # noqa: ARG002
        """Learn the vocabulary, and number the tokens of X.

        Parameters
        ----------
        X : iterable of n str, or of n lists of tokens
        y : None
            Ignored.

        Returns
        -------
        Xt : Sequences of n (T_i,) arrays, int32

        Raises
        ------
        TypeError, ValueError
            As `fit`.
        """
        documents = self._documents(X)  # once: X may be an iterator
        self._learn(documents)
        return self._encode(documents)

    def transform(self, X: Any) -> Sequences:
        """Turn every token into its number.

        Parameters
        ----------
        X : iterable of n str, or of n lists of tokens

        Returns
        -------
        Xt : Sequences of n (T_i,) arrays, int32
            0 stands for unknown tokens; a text without tokens is a single 0.

        Raises
        ------
        TypeError
            As `fit`.
        ValueError
            For no text at all, and for texts in an array of two dimensions.
        """
        check_is_fitted(self)
        return self._encode(self._documents(X))

    def inverse_transform(self, X: Any) -> list[list[Hashable]]:
        """Return the tokens of X.

        Parameters
        ----------
        X : sequences of (T_i,) integer arrays in 0..n_tokens_ - 1

        Returns
        -------
        tokens : list of n lists
            With "<unk>" for the unknown. ``"".join(tokens[i])`` makes a text of characters.

        Raises
        ------
        ValueError
            For numbers that stand for no token.
        """
        check_is_fitted(self)
        X = as_sequences(X, tokens=True)
        if X.values.max() >= self.n_tokens_:
            index = next(i for i, x in enumerate(X) if x.max() >= self.n_tokens_)
            raise ValueError(
                f"Sequence {index} of X holds the token {X[index].max()}; there are "
                f"{self.n_tokens_} tokens, so expected 0..{self.n_tokens_ - 1}"
            )
        names = [_UNKNOWN, *self.vocabulary_]
        return [[names[token] for token in x.tolist()] for x in X]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the tokens, in the order of their numbers.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : array of shape (n_tokens_,), object
            ``names[0]`` is "<unk>".
        """
        check_is_fitted(self)
        return np.array([_UNKNOWN, *map(str, self.vocabulary_)], dtype=object)

    def set_output(self, *, transform: str | None = None) -> TokenEncoder:  # noqa: ARG002
        """Accept the request of a pipeline, without effect: the result is always `Sequences`.

        Parameters
        ----------
        transform : str, optional
            Has no effect.

        Returns
        -------
        self : TokenEncoder
        """
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _learn(self, documents: list[list[Hashable]]) -> None:
        check_scalar(self.min_frequency, "min_frequency", Integral, min_val=1)
        if self.max_tokens is not None:
            check_scalar(self.max_tokens, "max_tokens", Integral, min_val=1)
        self.vocabulary_ = learn_vocabulary(
            documents, min_frequency=self.min_frequency, max_tokens=self.max_tokens
        )
        self.n_tokens_ = len(self.vocabulary_) + 1

    def _encode(self, documents: list[list[Hashable]]) -> Sequences:
        return transformed(numbered(documents, self.vocabulary_))

    def _documents(self, X: Any) -> list[list[Hashable]]:
        """Return the tokens of every text."""
        if not callable(self.analyzer):
            analyzer = Analyzer(self.analyzer, self.lowercase, self.token_pattern)
            return documents_of(X, analyzer.build())
        analyze = self.analyzer
        return documents_of(X, lambda text: analyze(decoded(text)), always=True)
