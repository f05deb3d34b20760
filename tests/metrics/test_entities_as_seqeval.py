"""Entities are those of seqeval, for valid and for invalid labels."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skrnn.metrics import entity_f1, entity_scores

pytest.importorskip("seqeval", reason="compares with seqeval, which is not installed")

from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, IOBES, Tokens

from skrnn._targets.chunks import SCHEMES, entities, split

# A type with a hyphen, and none at all: a prefix alone.
TYPES = ["-PER", "-LOC", "-A-B", ""]


def labels(prefixes: str) -> Any:
    return st.sampled_from(["O", *(prefix + kind for prefix in prefixes for kind in TYPES)])


def pairs_of(prefixes: str) -> Any:
    """n pairs of a true and a predicted sequence, which have many labels in common."""
    step = st.one_of(
        labels(prefixes).map(lambda one: (one, one)), st.tuples(*[labels(prefixes)] * 2)
    )
    return st.lists(st.lists(step, max_size=12), min_size=1, max_size=5).filter(any)


def unzipped(pairs: Any) -> tuple[Any, Any]:
    y_true = [[true for true, _ in steps] for steps in pairs]
    return y_true, [[predicted for _, predicted in steps] for steps in pairs]


def valid(pieces: Any, bioes: bool) -> list[str]:
    """The labels of entities of (type, length); a type of None is outside."""
    found: list[str] = []
    for kind, length in pieces:
        inside = [f"I-{kind}"] * (length - 2)
        if kind is None:
            found += ["O"] * length
        elif bioes and length == 1:
            found += [f"S-{kind}"]
        elif bioes:
            found += [f"B-{kind}", *inside, f"E-{kind}"]
        else:
            found += [f"B-{kind}"] + [f"I-{kind}"] * (length - 1)
    return found


PIECES = st.lists(
    st.tuples(st.sampled_from(["PER", "LOC", None]), st.integers(1, 4)), min_size=1, max_size=5
)


def assert_same(y_true: Any, y_pred: Any, ours: str, **theirs: Any) -> None:
    with warnings.catch_warnings():
        # A score of no entities is undefined, which both packages warn of.
        warnings.simplefilter("ignore")
        scores = entity_scores(y_true, y_pred, scheme=ours)
        micro = entity_f1(y_true, y_pred, scheme=ours)
        if not scores["types"]:
            # Their report of no types fails.
            assert micro == 0
            return
        report = classification_report(y_true, y_pred, output_dict=True, **theirs)
    kinds = dict(report)
    averages = [kinds.pop(f"{name} avg") for name in ("micro", "macro", "weighted")]
    assert list(scores["types"]) == list(kinds)
    assert micro == scores["f1"]
    for mine, other in [
        (scores, averages[0]),
        *((scores["types"][kind], kinds[kind]) for kind in kinds),
    ]:
        assert mine["precision"] == other["precision"]
        assert mine["recall"] == other["recall"]
        assert mine["support"] == other["support"]
        # They compute it of rounded precision and recall.
        assert mine["f1"] == pytest.approx(other["f1-score"], rel=1e-14)


@given(pairs_of("BIES"))
def test_lenient(pairs: Any) -> None:
    assert_same(*unzipped(pairs), "conll")


@given(pairs_of("BI"))
def test_strict_bio(pairs: Any) -> None:
    assert_same(*unzipped(pairs), "bio", mode="strict", scheme=IOB2)


@given(pairs_of("BIES"))
def test_strict_bioes(pairs: Any) -> None:
    assert_same(*unzipped(pairs), "bioes", mode="strict", scheme=IOBES)


@given(st.lists(labels("BIES"), max_size=20))
def test_the_steps_of_entities(sequence: list[str]) -> None:
    parts = [split(label, SCHEMES["conll"]) for label in sequence]
    expected = [(kind, first, last + 1) for kind, first, last in get_entities(sequence)]
    assert list(entities(parts, SCHEMES["conll"])) == expected
    strict = [(one.tag, one.start, one.end) for one in Tokens(sequence, IOBES).entities]
    assert list(entities(parts, SCHEMES["bioes"])) == strict


@given(PIECES, st.booleans())
def test_valid_labels_are_read_as_they_were_written(pieces: Any, bioes: bool) -> None:
    expected, step = [], 0
    for kind, length in pieces:
        if kind is not None:
            expected.append((kind, step, step + length))
        step += length
    sequence = valid(pieces, bioes)
    for scheme in ("conll", "bioes" if bioes else "bio"):
        parts = [split(label, SCHEMES[scheme]) for label in sequence]
        assert list(entities(parts, SCHEMES[scheme])) == expected
