"""Standardised channels: `standardize`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn.runtime
from cases import KINDS, Case, assert_same_bits, on, outcomes
from skrnn import Sequences
from skrnn.preprocessing import PerStep

FAR = np.array([2.0**30, -5.0]), np.array([2.0**-3, 512.0])  # means and deviations of channels


def moved(X: list[np.ndarray], dtype: Any = np.float64) -> list[np.ndarray]:
    """The same sequences in other units, with values that float32 can hardly distinguish."""
    mean, scale = FAR
    return [(x.astype(np.float64) * scale + mean).astype(dtype) for x in X]


@on(KINDS)
def test_it_is_a_standard_scaler_of_steps(case: Case) -> None:
    X, y = case.data()
    X = moved(X)
    inside = case.make(standardize=True).fit(X, y)
    outside = make_pipeline(PerStep(StandardScaler()), case.make(standardize=False)).fit(X, y)
    assert_same_bits(inside.params_, outside[-1].params_)
    assert_same_bits(inside.predict(X), outside.predict(X))


@on(KINDS)
def test_units_do_not_matter(case: Case) -> None:
    """Except for rounding: the sums of a channel have another magnitude."""
    X, y = case.data()
    ours = case.make(standardize=True).fit(X, y)
    others = case.make(standardize=True).fit(moved(X), y)
    for one, other in zip(outcomes(ours, X), outcomes(others, moved(X)), strict=True):
        if one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
        else:
            np.testing.assert_array_equal(one, other)


@on(KINDS)
def test_auto_leaves_suitable_channels_unchanged(case: Case) -> None:
    X, y = case.data()
    assert_same_bits(
        case.make(standardize="auto").fit(X, y).params_,
        case.make(standardize=False).fit(X, y).params_,
    )
    # One unsuitable channel is enough.
    for change in ([1, 5], [0.01, 1]), ([0, 3], [1, 1]):
        X_far = [x.astype(float) * change[1] + change[0] for x in X]
        assert_same_bits(
            case.make(standardize="auto").fit(X_far, y).params_,
            case.make(standardize=True).fit(X_far, y).params_,
        )


@on(KINDS)
def test_sequences_of_weight_zero_do_not_count(case: Case) -> None:
    X, y = case.data()
    weights = np.arange(len(X)) % 3 > 0
    X_odd = [x if weight else 1e6 * x for x, weight in zip(moved(X), weights, strict=True)]
    model = case.make(standardize=True).fit(X_odd, y, sample_weight=weights.astype(float))
    alone = case.make(standardize=True).fit(moved(X), y, sample_weight=weights.astype(float))
    assert_same_bits(model.params_, alone.params_)


@on(KINDS)
def test_the_units_of_the_first_fit_are_kept(case: Case) -> None:
    X, y = case.data()
    model = case.make(standardize=True, warm_start=True).fit(moved(X), y)
    expected = model.predict(X)
    model.partial_fit([1e3 * x for x in X], y)
    model.params_ = case.make(standardize=True).fit(moved(X), y).params_
    assert_same_bits(model.predict(X), expected)


@on(KINDS)
def test_a_constant_channel_becomes_zero(case: Case) -> None:
    X, y = case.data()
    X = [np.column_stack([x, np.full(len(x), 7e5)]) for x in X]
    model = case.make(standardize=True).fit(X, y)
    assert all(np.isfinite(weights).all() for weights in model.params_.values())
    assert not model._units.apply(Sequences(X))[:, 2].any()


@on(KINDS)
def test_overflow_after_standardisation_is_refused_everywhere(case: Case) -> None:
    X, y = case.data()
    X = [1e-30 * x for x in X]
    far = [np.full((2, 2), 1e30)] * 2
    model = case.make().fit(X, y)
    # Channels of float32, one of which overflows when its mean is subtracted.
    ends = [np.array([[3e38, 1], [-3e38, 1]], np.float32)] * 3
    ends += [np.full((2, 2), -3e38, np.float32)] * (len(y) - 3)
    calls = [
        lambda: model.predict(far),
        lambda: model.partial_fit(far, y[:2]),
        lambda: case.make().fit(X, y, X_val=far, y_val=y[:2]),
        lambda: case.make().fit(ends, y),
    ]
    if hasattr(model, "predict_log_proba"):
        calls.append(lambda: model.predict_log_proba(far))
    for call in calls:
        with pytest.raises(ValueError, match="too large for float32, once"):
            call()
    for fit, name in ((calls[1], "X"), (calls[2], "X_val")):
        with pytest.raises(ValueError, match=f"Input {name} contains.*sequence 0, step 0 holds 1e"):
            fit()


@on(KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_streams_and_files_answer_with_the_same_bits(
    case: Case, dtype: Any, tmp_path: Path
) -> None:
    X, y = case.data()
    X = moved(X, dtype)
    model = case.make(standardize=True).fit(X, y)
    path = tmp_path / "model.skrnn"
    model.save(path)
    expected = model.predict(X)
    for served in (model, skrnn.load(path), skrnn.runtime.load(path)):
        assert_same_bits(served.predict(X), expected)
        stream = served.stream()
        for i, x in enumerate(X):
            stream.reset()
            for x_t in x:
                answer = stream.step(x_t)
            assert_same_bits(np.asarray(answer), expected[i : i + 1])
    with pytest.raises(ValueError, match=r"sequence 1, step 0, channel 1 is 1e\+300"):
        skrnn.runtime.load(path).predict([X[0], np.array([[0.0, 1e300]])])


@on(KINDS)
def test_another_choice_after_fit_is_another_network(case: Case) -> None:
    X, y = case.data()
    model = case.make(standardize=True).fit(moved(X), y)
    with pytest.raises(ValueError, match="standardize=False is another architecture"):
        model.set_params(standardize=False).predict(X)
