"""Codecs of targets: round trips, immutability, and independent rows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from skrnn._targets.classes import ClassCodec, ClassSettings
from skrnn._targets.codec import Codec, Settings
from skrnn._targets.multilabel import MultilabelCodec
from skrnn._targets.numbers import NumberCodec, NumberSettings

CLASSES = ClassSettings("Tester", "auto", None)
NUMBERS = NumberSettings("Tester", "squared_error", {})
COUNTS = NumberSettings("Tester", "poisson", {})

INDICATOR = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1]])
CASES: list[Any] = [
    pytest.param(CLASSES, ClassCodec, ["b", "a", "c", "a"], id="classes"),
    pytest.param(CLASSES, ClassCodec, [True, False, True, True], id="two classes"),
    pytest.param(CLASSES, MultilabelCodec, INDICATOR, id="labels"),
    pytest.param(NUMBERS, NumberCodec, [3.0, -1.0, 5.0, 5.0], id="numbers"),
    pytest.param(NUMBERS, NumberCodec, [[3.0, 1e6], [-1.0, 2e6], [5.0, 0.0]], id="two numbers"),
    pytest.param(COUNTS, NumberCodec, [3, 0, 5, 5], id="counts"),
]


def learned(settings: Settings, y: Any) -> tuple[Codec, np.ndarray]:
    checked = settings.check(y)
    return settings.learn(checked, None), checked


def certain(codec: Codec, encoded: np.ndarray) -> np.ndarray:
    """The answers (n, A) of a model that predicts encoded targets with certainty."""
    if isinstance(codec, ClassCodec):
        return np.eye(codec.outputs)[encoded[:, 0].astype(int)]
    if isinstance(codec, NumberCodec):
        return encoded * codec.units["target_scale"] + codec.units["target_mean"]
    return encoded.astype(np.float64)


@pytest.mark.parametrize(("settings", "kind", "y"), CASES)
def test_round_trip(settings: Settings, kind: type[Codec], y: Any) -> None:
    codec, checked = learned(settings, y)
    assert type(codec) is kind
    encoded = codec.encode(checked)
    assert encoded.dtype == np.float32
    assert encoded.shape == (len(checked), codec.columns)
    decoded = codec.meaning.predict(certain(codec, encoded))
    assert decoded.shape == checked.shape
    if kind is NumberCodec:
        eps = np.finfo(np.float32).eps  # of standardised numbers, which are 2 at most here
        bound = 2 * eps * codec.units["target_scale"]
        assert (np.abs(decoded - checked) <= bound).all()
    else:
        assert accuracy_score(checked, decoded) == 1.0


@pytest.mark.parametrize(("settings", "kind", "y"), CASES)
def test_a_codec_never_changes(settings: Settings, kind: type[Codec], y: Any) -> None:
    codec, _ = learned(settings, y)
    assert type(codec) is kind
    for field in fields(codec):
        with pytest.raises(FrozenInstanceError):
            setattr(codec, field.name, None)


@pytest.mark.parametrize(("settings", "kind", "y"), CASES)
def test_rows_are_encoded_independently(settings: Settings, kind: type[Codec], y: Any) -> None:
    """So rows may also be those of steps: concatenated sequences of targets."""
    codec, checked = learned(settings, y)
    assert type(codec) is kind
    whole = codec.encode(checked)
    parts = [codec.encode(checked[:1]), codec.encode(checked[1:])]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_other_settings_keep_the_learned_state() -> None:
    codec, _ = learned(NUMBERS, [3.0, -1.0, 5.0, 5.0])
    levels = (0.25, 0.75)
    quantiles = codec.under(NumberSettings("Tester", "quantile", {"quantiles": levels}))
    assert (quantiles.loss, quantiles.outputs, quantiles.columns) == ("quantile", 2, 1)
    assert codec.units == quantiles.units
    assert (codec.loss, codec.outputs) == ("squared_error", 1)


def test_classes_given_in_advance() -> None:
    known = ClassSettings("Tester", "auto", None, known=np.array(["a", "b", "c"]))
    codec, checked = learned(known, ["b", "b"])
    assert codec.outputs == 3
    assert codec.encode(checked).tolist() == [[1.0], [1.0]]
    with pytest.raises(ValueError, match="y has the class 'd', which is not in classes"):
        learned(known, ["b", "d"])
