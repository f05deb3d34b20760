"""TokenEncoder: texts to numbers and back, with 0 for unknown tokens."""

from __future__ import annotations

import pickle
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from helpers.support import says
from skrnn import Sequences
from skrnn._sequences.checks import as_sequences
from skrnn.preprocessing import TokenEncoder

TEXTS = ["The cat sat on the mat.", "I saw a cat; the cat saw me!"]


def lists(X: Sequences) -> list[list[int]]:
    return [x.tolist() for x in X]


def test_the_most_frequent_token_is_1_and_ties_are_alphabetical() -> None:
    encoder = TokenEncoder().fit(TEXTS)
    ranked = ["cat", "the", "saw", "a", "i", "mat", "me", "on", "sat"]  # 3, 3 and 2 times, and once
    assert encoder.vocabulary_ == {word: i for i, word in enumerate(ranked, start=1)}
    assert encoder.n_tokens_ == 10
    assert lists(encoder.transform(TEXTS)) == [[2, 1, 9, 8, 2, 6], [5, 3, 4, 1, 2, 1, 3, 7]]


def test_words_are_those_of_count_vectorizer() -> None:
    """With its pattern; in any order."""
    pattern = r"(?u)\b\w\w+\b"
    vectorizer = CountVectorizer().fit(TEXTS)
    encoder = TokenEncoder(token_pattern=pattern).fit(TEXTS)
    assert set(encoder.vocabulary_) == set(vectorizer.vocabulary_)
    counts = vectorizer.transform(TEXTS).toarray()
    for row, tokens in zip(
        counts, encoder.inverse_transform(encoder.transform(TEXTS)), strict=True
    ):
        expected = {word: row[i] for word, i in vectorizer.vocabulary_.items() if row[i]}
        assert Counter(tokens) == expected


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_characters_are_decoded_unchanged(texts: list[str]) -> None:
    encoder = TokenEncoder(analyzer="char", lowercase=False).fit(texts)
    back = encoder.inverse_transform(encoder.transform(texts))
    assert ["".join(map(str, tokens)) for tokens in back] == texts
    assert set(encoder.vocabulary_) == set("".join(texts))


def test_white_space_characters_are_tokens() -> None:
    encoder = TokenEncoder(analyzer="char").fit(["A  b\n\tc"])
    assert set(encoder.vocabulary_) == set("a bc\n\t")
    assert lists(encoder.transform(["a\n"])) == [
        [encoder.vocabulary_["a"], encoder.vocabulary_["\n"]]
    ]


def test_case() -> None:
    assert set(TokenEncoder().fit(["Ab aB"]).vocabulary_) == {"ab"}
    assert set(TokenEncoder(lowercase=False).fit(["Ab aB"]).vocabulary_) == {"Ab", "aB"}


@pytest.mark.parametrize(
    "X",
    [
        [["b", "a", "b"], ["c"]],
        [("b", "a", "b"), ("c",)],
        [np.array(["b", "a", "b"]), np.array(["c"])],
        [np.array(["b", "a", "b"], object), ["c"]],
        (tokens for tokens in [["b", "a", "b"], ["c"]]),
    ],
    ids=lambda X: type(X).__name__,
)
def test_lists_of_tokens(X: Any) -> None:
    encoder = TokenEncoder()
    assert lists(encoder.fit_transform(X)) == [[1, 2, 1], [3]]
    assert encoder.vocabulary_ == {"b": 1, "a": 2, "c": 3}


def test_tokens_in_lists_are_unchanged() -> None:
    encoder = TokenEncoder().fit([["Not a word", "B"], ["B"]])
    assert encoder.vocabulary_ == {"B": 1, "Not a word": 2}


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_tokens_may_be_numbers(dtype: Any) -> None:
    encoder = TokenEncoder()
    assert lists(encoder.fit_transform([np.array([70, 5, 70], dtype)])) == [[1, 2, 1]]
    assert lists(encoder.transform([[5, 70]])) == [[2, 1]]
    assert encoder.inverse_transform([[2, 1, 0]]) == [[5, 70, "<unk>"]]


def test_callables_get_every_text() -> None:
    encoder = TokenEncoder(analyzer=lambda text: text.split("-")).fit(["a-B", "a"])
    assert encoder.vocabulary_ == {"a": 1, "B": 2}
    pairs = TokenEncoder(analyzer=pairwise)
    assert lists(pairs.fit_transform([["a", "b", "a", "b"]])) == [[1, 2, 1]]
    assert pairs.inverse_transform([[2]]) == [[("b", "a")]]


def test_bytes_are_utf_8() -> None:
    assert TokenEncoder().fit(["é".encode()]).vocabulary_ == {"é": 1}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_texts(library: str) -> None:
    frames = pytest.importorskip(library)
    df = frames.DataFrame({"text": TEXTS})
    assert lists(TokenEncoder().fit_transform(df["text"])) == lists(
        TokenEncoder().fit_transform(TEXTS)
    )
    with pytest.raises(TypeError, match=says("DataFrame", "column")):
        TokenEncoder().fit(df)


# ---- The unknown token ----


def test_unknown_tokens_are_0() -> None:
    encoder = TokenEncoder().fit(["a b"])
    assert lists(encoder.transform(["b c a", "c"])) == [[2, 0, 1], [0]]
    assert encoder.inverse_transform([[2, 0, 1]]) == [["b", "<unk>", "a"]]


@pytest.mark.parametrize("blank", ["", "  ", "?!", []], ids=repr)
def test_a_text_without_tokens_is_one_unknown_token(blank: Any) -> None:
    encoder = TokenEncoder().fit(["a b", blank])
    X = encoder.transform([blank, "a"])
    assert lists(X) == [[0], [1]]
    assert as_sequences(X, tokens=True) is X


def test_rare_tokens_are_unknown() -> None:
    encoder = TokenEncoder(min_frequency=2)
    assert lists(encoder.fit_transform(TEXTS)) == [[2, 1, 0, 0, 2, 0], [0, 3, 0, 1, 2, 1, 3, 0]]
    assert encoder.n_tokens_ == 4


def test_max_tokens_keeps_the_most_frequent() -> None:
    encoder = TokenEncoder(max_tokens=2).fit(TEXTS)
    assert encoder.vocabulary_ == {"cat": 1, "the": 2}
    assert encoder.n_tokens_ == 3
    assert TokenEncoder(max_tokens=99).fit(TEXTS).n_tokens_ == 10


@given(st.lists(st.text(alphabet="abc ", max_size=8), min_size=1), st.integers(1, 3))
def test_every_index_is_below_n_tokens_and_counts_agree(texts: list[str], least: int) -> None:
    counts = Counter(word for text in texts for word in text.split())
    encoder = TokenEncoder(min_frequency=least)
    if not counts or max(counts.values()) < least:
        with pytest.raises(ValueError, match="no token"):
            encoder.fit(texts)
        return
    X = encoder.fit_transform(texts)
    assert set(encoder.vocabulary_) == {word for word in counts if counts[word] >= least}
    assert sorted(encoder.vocabulary_.values()) == list(range(1, encoder.n_tokens_))
    assert X.values.min() >= 0
    assert X.values.max() < encoder.n_tokens_
    assert X.lengths.tolist() == [len(text.split()) or 1 for text in texts]
    names = encoder.get_feature_names_out()
    for text, x in zip(texts, X, strict=True):
        for word, token in zip(text.split(), x, strict=False):
            assert names[token] == (word if counts[word] >= least else "<unk>")


# ---- Refusals ----


@pytest.mark.parametrize(
    ("X", "parts"),
    [
        ("one text", ("one text", "'one text'", "[X]")),
        (b"one text", ("one text",)),
        (None, ("NoneType",)),
        (3, ("int",)),
        ({"a": "b"}, ("dict",)),
        ({"a", "b"}, ("set",)),
        (["a", None], ("Text 1", "None", "''")),
        (["a", float("nan")], ("Text 1", "nan", "float")),
        (["a", 3], ("Text 1", "3")),
        (["a", {"b": 1}], ("Text 1", "dict")),
        ([["a", ["b"]]], ("Text 0", "['b']", "list")),
        ([["a"], [{}]], ("Text 1", "dict")),
        ([np.array("a")], ("Text 0",)),
    ],
    ids=repr,
)
def test_input_that_is_not_texts(X: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match=says(*parts)):
        TokenEncoder().fit(X)
    with pytest.raises(TypeError, match=says(*parts)):
        TokenEncoder().fit(["a"]).transform(X)


@pytest.mark.parametrize("dtype", [object, str, "S"])
def test_texts_in_two_dimensions(dtype: Any) -> None:
    """As from ColumnTransformer for a column in a list: each text would be one token."""
    column = np.array(["one text", "two"], dtype)[:, None]
    encoder = TokenEncoder().fit(column.ravel())
    assert "text" in encoder.vocabulary_
    for analyzer in ("word", "char", str.split):
        with pytest.raises(ValueError, match=says("(2, 1)", "X.ravel()", "'text'", "X.tolist()")):
            TokenEncoder(analyzer).fit(column)
    with pytest.raises(ValueError, match="one dimension"):
        encoder.transform(column)
    # Rows of several tokens, of numbers, and lists of one token are accepted.
    assert lists(TokenEncoder().fit_transform(np.array([["b", "a"], ["b", "b"]]))) == [
        [1, 2],
        [1, 1],
    ]
    assert lists(TokenEncoder().fit_transform(np.array([[7], [5]]))) == [[2], [1]]
    assert lists(TokenEncoder().fit_transform([["a b"], ["c"]])) == [[1], [2]]


def test_a_column_of_a_column_transformer() -> None:
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"text": TEXTS})
    found = []
    for column in ("text", ["text"]):
        keep = FunctionTransformer(lambda X: found.append(X) or np.zeros((2, 1)))
        ColumnTransformer([("text", keep, column)]).fit_transform(df)
    assert lists(TokenEncoder().fit_transform(found[0])) == lists(
        TokenEncoder().fit_transform(TEXTS)
    )
    with pytest.raises((TypeError, ValueError)):
        TokenEncoder().fit(found[1])


def test_no_tokens_in_any_text() -> None:
    with pytest.raises(ValueError, match=says("Sequence 0", "empty")):
        TokenEncoder().fit(["a"]).inverse_transform([[], []])


def test_no_text() -> None:
    with pytest.raises(ValueError, match="0 sample"):
        TokenEncoder().fit([])


@pytest.mark.parametrize(
    ("parameters", "error", "parts"),
    [
        ({"analyzer": "char_wb"}, ValueError, ("analyzer", "'char_wb'", "'word'", "'char'")),
        ({"analyzer": None}, ValueError, ("analyzer", "None")),
        ({"max_tokens": 0}, ValueError, ("max_tokens", "0", "1")),
        ({"max_tokens": 2.0}, TypeError, ("max_tokens", "float")),
        ({"min_frequency": 0}, ValueError, ("min_frequency", "0", "1")),
        ({"min_frequency": 0.5}, TypeError, ("min_frequency", "float")),
        ({"min_frequency": 4}, ValueError, ("min_frequency", "'cat'", "3", "4")),
        ({"token_pattern": "x"}, ValueError, ("no token", "token_pattern")),
    ],
    ids=str,
)
def test_wrong_parameters(
    parameters: dict[str, Any], error: type[Exception], parts: tuple[str, ...]
) -> None:
    with pytest.raises(error, match=says(*parts)):
        TokenEncoder(**parameters).fit(TEXTS)


def test_numbers_without_a_token() -> None:
    encoder = TokenEncoder().fit(["a b"])
    with pytest.raises(ValueError, match=says("Sequence 1", "3", "0..2")):
        encoder.inverse_transform([[1], [2, 3]])
    with pytest.raises(ValueError, match=says("-1")):
        encoder.inverse_transform([[-1]])


def test_before_fit() -> None:
    for call in (
        lambda: TokenEncoder().transform(TEXTS),
        lambda: TokenEncoder().inverse_transform([[1]]),
        lambda: TokenEncoder().get_feature_names_out(),
    ):
        with pytest.raises(NotFittedError):
            call()


# ---- In scikit-learn ----


def test_names() -> None:
    names = TokenEncoder().fit(["b a b"]).get_feature_names_out()
    assert names.tolist() == ["<unk>", "b", "a"]
    assert names.dtype == object


def test_results_are_tokens() -> None:
    X = TokenEncoder().fit_transform(TEXTS)
    assert isinstance(X, Sequences)
    assert X.dtype == np.int32
    assert as_sequences(X, tokens=True) is X


def test_clone_pickle_and_pipeline() -> None:
    encoder = TokenEncoder(max_tokens=3, lowercase=False)
    assert clone(encoder).get_params() == encoder.get_params()
    fitted = encoder.fit(TEXTS)
    again = pickle.loads(pickle.dumps(fitted))
    assert lists(again.transform(TEXTS)) == lists(fitted.transform(TEXTS))
    pipeline = make_pipeline(TokenEncoder())
    assert lists(pipeline.fit_transform(TEXTS, [0, 1])) == lists(
        TokenEncoder().fit_transform(TEXTS)
    )


def test_set_output_has_no_effect() -> None:
    pytest.importorskip("pandas")
    with config_context(transform_output="pandas"):
        assert isinstance(TokenEncoder().fit_transform(TEXTS), Sequences)
    pipeline = make_pipeline(TokenEncoder()).set_output(transform="pandas")
    assert isinstance(pipeline.fit_transform(TEXTS), Sequences)


def test_tags() -> None:
    tags = get_tags(TokenEncoder())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit
