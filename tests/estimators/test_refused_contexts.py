"""Contexts that language models refuse, with a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array

from skrnn import RNNLanguageModel
from told import LONG, OF_LONG, STEPS, TEXTS, VECTORS, small


@pytest.fixture(scope="module")
def told() -> RNNLanguageModel:
    return small().fit(TEXTS, context=STEPS)


@pytest.mark.parametrize(
    ("context", "error", "message"),
    [
        ("abc", TypeError, "context is 'abc', a str; expected numbers: an array of shape"),
        (3, TypeError, "context is 3, a int; expected numbers"),
        (VECTORS[:-1], ValueError, "context is for 29 texts, and there are 30; pass one for each"),
        (VECTORS[:0], ValueError, "context is for 0 texts, and there are 30"),
        (VECTORS[:, :0], ValueError, "context of text 0 has vectors of 0 numbers; expected 1 or"),
        (VECTORS[:, 0], ValueError, r"of text 0 is a number, 0.12.*: for an array, context\[:, N"),
        (np.array(3.0), TypeError, r"context is array\(3.*, a ndarray; expected numbers"),
        (VECTORS.astype(str), TypeError, "context of text 0 has dtype <U.*; expected numbers"),
        (VECTORS.astype(object), TypeError, r"dtype object; .* convert them with .astype\(float\)"),
        (VECTORS + 1j, TypeError, "has dtype complex128; expected numbers"),
        (VECTORS * np.nan, ValueError, "context of text 0, vector 0, number 0 is nan; expected"),
        (VECTORS * 1e300, ValueError, "number 0 is .*e[+]2.*, which is too large for float32"),
        (np.ma.masked_equal(VECTORS, VECTORS[0, 0]), ValueError, "context has masked values"),
        (list(np.ma.masked_equal(VECTORS, VECTORS[2, 1])), ValueError, "of text 2 has masked val"),
        (csr_array(VECTORS), TypeError, r"context is a csr_array. Pass it as .toarray\(\)"),
        ([csr_array(v[None]) for v in VECTORS], TypeError, "context of text 0 is a csr_array"),
        (memoryview(VECTORS), TypeError, "context is .*, a memoryview; expected numbers"),
        (VECTORS * np.longdouble("1e4000"), ValueError, "is .*[1-9]e[+].*, which is too large"),
        ([*STEPS[:-1], np.ones((3, 2))], ValueError, "of text 29 has 3 vectors, and the text 1"),
        ([*STEPS[:-1], np.ones((0, 2))], ValueError, "of text 29 has 0 vectors, and the text 1"),
        ([*STEPS[:-1], np.ones((1, 3))], ValueError, "of text 29 has vectors of 3 .* expected 2"),
        ([*STEPS[:-1], [[1, 2], [3]]], ValueError, "context of text 29 is no array"),
        ([*STEPS[:-1], None], TypeError, "context of text 29 has dtype object"),
        ([*STEPS[:-1], np.ones((1, 1, 2))], ValueError, r"of text 29 has shape \(1, 1, 2\)"),
        ({"a": 1}, TypeError, "a dict; expected numbers"),
    ],
)
def test_what_fit_refuses(context: Any, error: Any, message: str) -> None:
    model = small()
    with pytest.raises(error, match=message):
        model.fit(TEXTS, context=context)
    assert not hasattr(model, "params_")


@pytest.mark.parametrize(
    ("context", "error", "message"),
    [
        (list(np.ma.masked_less(OF_LONG, 0)), ValueError, "context of text 0 has masked values"),
        ([np.ma.masked_less(OF_LONG, 0)], ValueError, "context of text 0 has masked values"),
        (coo_array(OF_LONG), TypeError, "context is a coo_array"),
        ([[1, [2, 3]]], ValueError, "context of text 0 is no array: .* inhomogeneous"),
        (OF_LONG[:, 0], ValueError, r"1440 numbers, .* 1440 tokens; .* context\[:, None\]"),
        (OF_LONG[:, 0].tolist(), ValueError, "1440 numbers, .* 1440 tokens"),
    ],
)
def test_what_fit_refuses_of_one_text(context: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        small().fit(LONG, context=context)


def test_as_many_numbers_as_tokens_are_read_where_they_are_a_vector() -> None:
    for text in ("abc", ["abc"]):
        assert small().fit(text, context=[[1, 2, 3]]).context_size_ == 3
    model = small().fit("abcd", context=[1, 2, 3])
    assert np.isfinite(model.score("abc", context=[1, 2, 3]))


def test_other_refusals(told: RNNLanguageModel) -> None:
    plain = small().fit(TEXTS)
    for method in ("score", "perplexity", "sample_log_prob", "predict_proba", "predict"):
        with pytest.raises(ValueError, match=r"context is missing: .* a vector of 2 numbers"):
            getattr(told, method)(TEXTS)
        with pytest.raises(ValueError, match="context is given, but the model was fitted without"):
            getattr(plain, method)(TEXTS, context=VECTORS)
    with pytest.raises(ValueError, match="context is missing"):
        told.generate("a")
    with pytest.raises(ValueError, match="context is missing"):
        told.generate_iter("a")
    with pytest.raises(ValueError, match="context is given"):
        plain.generate("a", context=[1, 2])
    with pytest.raises(ValueError, match="has 2 vectors for 101 tokens, those of the prefix and"):
        told.generate("a", context=VECTORS[:2])
    with pytest.raises(ValueError, match="context is for 2 texts, and there are 3"):
        told.generate(["a", "b", "c"], context=VECTORS[:2])
    with pytest.raises(ValueError, match="has 2 vectors for 3 tokens"):
        told.predict_proba(["an"], context=[np.ones((2, 2))])
    with pytest.raises(ValueError, match="context_val is missing"):
        small().fit(TEXTS, context=VECTORS, X_val=TEXTS)
    with pytest.raises(ValueError, match="context_val is for X_val, which is None"):
        small().fit(TEXTS, context=VECTORS, context_val=VECTORS)
    with pytest.raises(ValueError, match="context_val is given, but the model was fitted without"):
        small().fit(TEXTS, X_val=TEXTS, context_val=VECTORS)
