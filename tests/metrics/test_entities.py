"""Entities of labels that stand here, with the scores that they have by their definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from helpers.support import says
from skrnn._targets.chunks import SCHEMES, entities, split
from skrnn.metrics import entity_f1, entity_scores


def read(text: str, scheme: str = "conll") -> list[tuple[str, int, int]]:
    return list(entities([split(one, SCHEMES[scheme]) for one in text.split()], SCHEMES[scheme]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # CoNLL-2003, in IOB1: U.N. official Ekeus heads for Baghdad .
        ("I-ORG O I-PER O O I-LOC O", [("ORG", 0, 1), ("PER", 2, 3), ("LOC", 5, 6)]),
        # In IOB1 "B-" parts two neighbours of one type.
        ("I-PER B-PER I-PER O", [("PER", 0, 1), ("PER", 1, 3)]),
        # CoNLL-2000, in BIO: He reckons the current account deficit will narrow to only ...
        (
            "B-NP B-VP B-NP I-NP I-NP I-NP B-VP I-VP B-PP B-NP",
            [
                *[("NP", 0, 1), ("VP", 1, 2), ("NP", 2, 6)],
                *[("VP", 6, 8), ("PP", 8, 9), ("NP", 9, 10)],
            ],
        ),
        ("B-A I-A B-A I-A", [("A", 0, 2), ("A", 2, 4)]),
        ("B-A I-B I-B", [("A", 0, 1), ("B", 1, 3)]),
        ("O I-A I-A O I-A", [("A", 1, 3), ("A", 4, 5)]),
        ("B-A I-A", [("A", 0, 2)]),  # the end of a sequence ends an entity
        ("O O", []),
        ("S-A S-A B-B I-B E-B I-B", [("A", 0, 1), ("A", 1, 2), ("B", 2, 5), ("B", 5, 6)]),
        ("E-A E-A I-A E-A", [("A", 0, 1), ("A", 1, 2), ("A", 2, 4)]),
        ("B I O S", [("_", 0, 2), ("_", 3, 4)]),
        ("B-MUSIC-ALBUM I-MUSIC-ALBUM", [("MUSIC-ALBUM", 0, 2)]),
    ],
)
def test_lenient(text: str, expected: Any) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("scheme", "text", "expected"),
    [
        ("bio", "I-A I-A B-A I-A I-B B-B", [("A", 2, 4), ("B", 5, 6)]),
        ("bioes", "S-A B-A E-A", [("A", 0, 1), ("A", 1, 3)]),
        ("bioes", "B-A I-A O I-A E-A B-A", []),  # no end, no beginning, no end
        ("bioes", "B-A E-B S-B I-B", [("B", 2, 3)]),
    ],
)
def test_strict(scheme: str, text: str, expected: Any) -> None:
    assert read(text, scheme) == expected


def test_the_example_of_seqeval() -> None:
    """The one of its README: an entity that begins a step too early, and one that is right."""
    y_true = [["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]]
    y_pred = [["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]]
    assert entity_f1(y_true, y_pred) == 0.5
    assert entity_scores(y_true, y_pred) == {
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        "support": 2,
        "types": {
            "MISC": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
            "PER": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1},
        },
    }


def test_strict_mode_in_the_readme_of_seqeval() -> None:
    """Of "B-NP I-NP O" the prediction is "I-NP I-NP O": right by conlleval, wrong by IOB2."""
    y_true, y_pred = [["B-NP", "I-NP", "O"]], [["I-NP", "I-NP", "O"]]
    assert entity_f1(y_true, y_pred) == 1.0
    assert entity_f1(y_true, y_pred, scheme="bio") == 0.0


def test_counts_of_types() -> None:
    y_true = [["B-A", "I-A", "O", "B-B"], ["B-A", "O", "B-A"]]
    y_pred = [["B-A", "I-A", "O", "B-A"], ["B-A", "B-C", "O"]]
    scores = entity_scores(y_true, y_pred)
    # A: 2 of 3 predicted are right, 2 of 3 true are found. B is never predicted, C never true.
    assert scores["types"] == {
        "A": {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3},
        "B": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
        "C": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0},
    }
    assert (scores["precision"], scores["recall"], scores["f1"]) == (0.5, 0.5, 0.5)
    assert scores["support"] == 4


def test_entities_end_with_their_sequence() -> None:
    assert entity_scores([["B-A"], ["I-A"]], [["B-A"], ["I-A"]])["support"] == 2
    assert entity_scores([["B-A"], [], ["I-A"]], [["B-A"], [], ["O"]])["recall"] == 0.5


def test_no_entities() -> None:
    with pytest.warns(UndefinedMetricWarning, match="no entities") as caught:
        assert entity_f1([["O"]], [["O"]]) == 0.0
    assert caught[0].filename == __file__
    assert entity_f1([["O"]], [["B-A"]]) == entity_f1([["B-A"]], [["O"]]) == 0.0


@pytest.mark.parametrize("label", ["PER", "X-PER", "b-PER", "O-PER", "", "BI-PER", "L-PER"])
def test_labels_of_no_scheme(label: str) -> None:
    found = says("Sequence 1 of y_pred", repr(label), "step 2", "'conll'", "'B-PER'")
    with pytest.raises(ValueError, match=found):
        entity_f1([["O"], ["O"] * 3], [["O"], ["O", "O", label]])


def test_labels_of_another_scheme() -> None:
    with pytest.raises(ValueError, match=says("Sequence 0 of y_true", "'S-A'", "scheme='bio'")):
        entity_f1([["S-A"]], [["B-A"]], scheme="bio")
    with pytest.raises(ValueError, match=says("Sequence 0 of y_true", "holds 1 at step 0")):
        entity_f1([[1]], [[1]])


@pytest.mark.parametrize("scheme", ["iob2", "CONLL", None, ["bio"], 1])
def test_unknown_schemes(scheme: Any) -> None:
    with pytest.raises(ValueError, match=says("scheme=", repr(scheme), "'conll', 'bio', 'bioes'")):
        entity_f1([["O"]], [["O"]], scheme=scheme)


def test_arrays_of_strings() -> None:
    y = np.empty(2, object)
    y[:] = [np.array(["B-A", "I-A", "O"]), np.array(["B-A"], object)]
    assert entity_f1(y, [["B-A", "I-A", "O"], ("B-A",)]) == 1.0
