"""Texts that RNNLanguageModel writes: seeds, pieces, ends, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from skrnn import RNNLanguageModel

NAMES = ["anna", "hanna", "johanna", "susanna", "bo", ""] * 4
TEXT = "the cat sat on the mat. the dog sat on the cat. " * 30


def small(**settings: Any) -> RNNLanguageModel:
    return RNNLanguageModel(
        **{"hidden_size": 9, "max_iter": 3, "random_state": 0, "n_jobs": 1, **settings}
    )


@pytest.fixture(scope="module")
def of_names() -> RNNLanguageModel:
    return small(max_iter=30).fit(NAMES)


@pytest.fixture(scope="module")
def of_text() -> RNNLanguageModel:
    return small().fit(TEXT)


@pytest.mark.parametrize("prefix", ["", "jo", ["", "jo", "s"]])
def test_the_same_random_state_writes_the_same(of_names: RNNLanguageModel, prefix: Any) -> None:
    many = of_names.generate(prefix, num_return_sequences=300, random_state=3)
    assert many == of_names.generate(prefix, num_return_sequences=300, random_state=3)
    for n_jobs in (2, 3):
        threads = pickle.loads(pickle.dumps(of_names)).set_params(n_jobs=n_jobs)
        assert threads.generate(prefix, num_return_sequences=300, random_state=3) == many
    first = of_names.generate(prefix if isinstance(prefix, str) else "", random_state=3)
    assert many[0] == first
    assert len(set(many)) > 1
    assert of_names.generate(prefix, num_return_sequences=300, random_state=4) != many


def test_pieces_join_to_the_text(of_names: RNNLanguageModel, of_text: RNNLanguageModel) -> None:
    for model, prefix, stop in [(of_names, "h", None), (of_text, "the", ["sat o", "zz"])]:
        for seed in range(5):
            options = {"max_new_tokens": 60, "random_state": seed, "stop": stop}
            text = model.generate(prefix, **options)
            assert "".join(model.generate_iter(prefix, **options)) == text


def test_a_text_ends_before_a_stop(of_text: RNNLanguageModel) -> None:
    for seed in range(8):
        whole = of_text.generate(max_new_tokens=200, random_state=seed)
        stop = whole[50:53]
        ended = of_text.generate(max_new_tokens=200, random_state=seed, stop=[stop, "☃"])
        assert ended == whole[: whole.index(stop)]


def test_of_stops_that_overlap_the_one_complete_first_ends_the_text(
    of_text: RNNLanguageModel,
) -> None:
    for seed in range(8):
        options = {"max_new_tokens": 100, "random_state": seed}
        whole = of_text.generate(**options)
        outer, inner = whole[60:70], whole[62:65]
        for stop in ([outer, inner], [inner, outer], [outer, whole[61:65], inner]):
            read = next(end for end in range(len(whole)) if whole[:end].endswith(tuple(stop)))
            longest = max(len(each) for each in stop if whole[:read].endswith(each))
            expected = whole[: read - longest]
            assert of_text.generate(stop=stop, **options) == expected
            assert "".join(of_text.generate_iter(stop=stop, **options)) == expected


def test_stops_of_tokens() -> None:
    model = small().fit(np.arange(300) % 5)
    whole = model.generate(max_new_tokens=40, random_state=0)
    ended = model.generate(max_new_tokens=40, random_state=0, stop=3)
    assert whole.dtype == np.int64
    np.testing.assert_array_equal(ended, whole[: whole.tolist().index(3)])
    assert list(model.generate_iter([], 40, random_state=0, stop=[3])) == ended.tolist()


def test_max_new_tokens(of_text: RNNLanguageModel) -> None:
    assert of_text.generate("the", 0) == ""
    assert len(of_text.generate("the", 77)) == 77
    assert list(of_text.generate_iter("the", 0)) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"temperature": -1}, ValueError, "temperature=-1; expected a number 0 or more"),
        ({"temperature": float("nan")}, ValueError, "temperature=nan"),
        ({"temperature": "hot"}, TypeError, "temperature='hot' is a str"),
        ({"top_k": -1}, ValueError, "top_k=-1"),
        ({"top_k": 1.5}, TypeError, "top_k=1.5 is a float"),
        ({"top_p": 0}, ValueError, "top_p=0; expected a number above 0"),
        ({"min_p": 2}, ValueError, "min_p=2"),
        ({"repetition_penalty": 0}, ValueError, "repetition_penalty=0"),
        ({"max_new_tokens": -1}, ValueError, "max_new_tokens=-1"),
        ({"max_new_tokens": 10**50}, ValueError, "more than 40 digits"),
        ({"max_new_tokens": True}, TypeError, "max_new_tokens=True is a bool"),
        ({"num_return_sequences": 0}, ValueError, "num_return_sequences=0"),
        ({"stop": 3}, TypeError, "expected a string"),
        ({"stop": [""]}, ValueError, "the empty string is everywhere"),
        ({"random_state": "now"}, TypeError, "random_state='now'"),
        ({"prefix": [1, 2]}, ValueError, "prefix holds integers, but fit saw texts of characters"),
        ({"prefix": "a\udc80"}, ValueError, "lone surrogate"),
        ({"prefix": b"\xff"}, ValueError, "no UTF-8"),
        ({"prefix": 5}, TypeError, "prefix is 5, a int"),
        ({"prefix": np.array("a")}, TypeError, r"prefix is array\('a'"),
        ({"prefix": [None]}, ValueError, "prefix holds NaN at step 0, and a token cannot be"),
        ({"temperature": 10**400}, ValueError, "temperature=1000.*; expected a number 0 or more"),
        ({"repetition_penalty": 10**400}, ValueError, "repetition_penalty=1000.* above 0"),
        ({"prefix": [float("nan")]}, ValueError, "prefix"),
    ],
    ids=str,
)
def test_what_generate_refuses(
    of_names: RNNLanguageModel, arguments: dict[str, Any], error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        of_names.generate(**arguments)
    if "num_return_sequences" not in arguments:
        with pytest.raises(error, match=message):  # at once, not with the first piece
            of_names.generate_iter(**arguments)


def test_an_iterator_writes_one_text(of_names: RNNLanguageModel) -> None:
    with pytest.raises(ValueError, match="generate_iter writes one text"):
        of_names.generate_iter(["a", "b"])


def test_an_unknown_token_in_a_prefix_is_the_unknown_token(of_names: RNNLanguageModel) -> None:
    np.testing.assert_array_equal(*of_names.predict_proba(["☃", "☂"]))
    assert isinstance(of_names.generate("☃", random_state=0), str)


def test_settings_have_the_meanings_of_text_generation(of_text: RNNLanguageModel) -> None:
    """Of the next token after one prefix, drawn many times."""
    p = of_text.predict_proba("the")[0, 1:-1]  # the unknown token and the end are never written
    letters, n = of_text.classes_[1:-1].tolist(), 3000

    def shares(**options: Any) -> np.ndarray:
        drawn = of_text.generate("the", 1, num_return_sequences=n, random_state=0, **options)
        return np.array([drawn.count(letter) for letter in letters]) / n

    order = np.argsort(-p)
    expected = {
        "temperature": ({"temperature": 0.5}, p**2),
        "top_k": ({"top_k": 3}, np.where(p >= p[order[2]], p, 0)),
        "min_p": ({"min_p": 0.5}, np.where(p >= 0.5 * p.max(), p, 0)),
        "all": ({}, p),
        "penalty": (
            {"repetition_penalty": 2.0},
            np.where([letter in "the" for letter in letters], p**2, p),
        ),
    }
    total = p.sum()
    kept = order[: int(np.searchsorted(p[order].cumsum() / total, 0.6)) + 1]
    expected["top_p"] = ({"top_p": 0.6}, np.where(np.isin(np.arange(len(p)), kept), p, 0))
    for options, q in expected.values():
        # Five standard deviations of a share of 3,000.
        np.testing.assert_allclose(shares(**options), q / q.sum(), atol=5 * 0.5 / n**0.5)
    assert shares(temperature=0)[order[0]] == 1
