"""Streams of windows: the same bits as predict on the newest window, and scores of anomalies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from helpers.support import says
from skrnn import _core

C, M = 3, 4  # numbers of a row; rows of a window, and steps to come
L = C * M
STEPS = 3 * L


def model_of(cell: str = "gru", **settings: Any) -> tuple[_core.NetworkLayout, Any, _core.Model]:
    layout = _core.NetworkLayout(
        **{
            "cell": cell,
            "input_size": C,
            "hidden_size": 5,
            "output_size": C,
            "pooling": "horizon",
            "horizon": M,
        }
        | settings
    )
    rng = np.random.default_rng(1)
    parameters = rng.normal(scale=0.4, size=layout.num_parameters).astype(np.float32)
    return layout, parameters, _core.Model(layout, parameters, loss="squared_error", targets=C)


def series_of(n: int, scale: float = 1.0) -> Any:
    rng = np.random.default_rng(2)
    return (scale * rng.normal(loc=1, size=(n, STEPS))).astype(np.float32)


def levels_of(x: Any, level: str) -> Any:
    """Of each window of a series, summed in the order of its numbers."""
    windows = np.lib.stride_tricks.sliding_window_view(x, L)
    if level == "last":
        return np.ascontiguousarray(windows[:, -1])
    total = np.zeros(len(windows))
    for column in windows.T:
        total += column
    return (total / L).astype(np.float32)


@pytest.mark.parametrize("cell", _core.cells())
@pytest.mark.parametrize("level", ["last", "mean"])
@pytest.mark.parametrize("settings", [{}, {"projection_size": 6}, {"num_layers": 2}], ids=str)
def test_a_stream_answers_as_predict(cell: str, level: str, settings: Mapping[str, int]) -> None:
    layout, parameters, model = model_of(cell, **settings)
    x = series_of(2)
    stream = _core.WindowStream(model, rows=M, level=level, series=2)
    for _ in range(2):
        found = [stream.step(np.ascontiguousarray(column)) for column in x.T]
        assert found[: L - 1] == [None] * (L - 1)
        for b in range(2):
            starts, levels = np.arange(STEPS - L + 1), levels_of(x[b], level)
            windows = _core.Windows(x[b], starts, width=C, levels=levels)
            offsets = np.arange(len(starts) + 1) * M
            expected = layout.predict(parameters, windows, offsets).reshape(len(starts), -1)
            answers = [answer for answer in found if answer is not None]
            np.testing.assert_array_equal([levels[b] for _, levels in answers], levels)
            np.testing.assert_array_equal([outputs[b] for outputs, _ in answers], expected)
        stream.reset()


def test_the_last_number_stands_for_a_missing_one() -> None:
    model = model_of()[2]
    x = series_of(1)[0]
    x[[0, 5, 6, L]] = np.nan
    known = x.copy()
    known[0] = 0  # nothing was known before
    known[[5, 6, L]] = x[[4, 4, L - 1]]
    streams = [_core.WindowStream(model, rows=M, level="mean") for _ in range(2)]
    for numbers in zip(x, known, strict=True):
        one, other = (
            stream.step(np.array([number])) for stream, number in zip(streams, numbers, strict=True)
        )
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            np.testing.assert_array_equal(one[0], other[0])


def anomalies(model: _core.Model, delay: int, channels: int = 1, **given: Any) -> Any:
    units = {"mean": [1.0] * channels, "scale": [2.0] * channels, "unit": [0.5] * channels}
    return _core.AnomalyStream(model, rows=M, delay=delay, **(units | given))


def scores_by_hand(model: _core.Model, x: Any, delay: int) -> Any:
    """Minus the mean error of the windows that contain a step and end up to `delay` later."""
    starts, offsets = np.arange(STEPS - L + 1), np.arange(STEPS - L + 2) * M
    errors = []
    for channel in x:
        z = ((channel.astype(np.float64) - 1.0) / 2.0).astype(np.float32)
        windows = _core.Windows(z, starts, width=C, levels=levels_of(z, "mean"), reconstructs=True)
        errors.append(model.window_errors(windows, offsets) / 0.5)
    error = dict(enumerate(np.max(errors, axis=0), L - 1))  # by the step that ends the window
    scores = []
    for t in range(STEPS):
        ends = [end for end in range(t, t + delay + 1) if end in error]
        scores.append(-np.mean([error[end] for end in ends]) if ends else -1.0)
    return np.array(scores)


@pytest.mark.parametrize("delay", [0, 1, 5, L - 1])
@pytest.mark.parametrize("channels", [1, 2])
def test_scores_of_a_stream(delay: int, channels: int) -> None:
    model = model_of()[2]
    x = series_of(channels)
    stream = anomalies(model, delay, channels)
    expected = scores_by_hand(model, x, delay)
    found = stream.process(x.T)
    assert np.isnan(found[:delay]).all()
    # The same terms, but sums of NumPy are in another order.
    np.testing.assert_allclose(found[delay:], expected[: STEPS - delay], rtol=1e-14)
    np.testing.assert_allclose(stream.pending(), expected[STEPS - delay :], rtol=1e-14)
    stream.reset()
    assert len(stream.pending()) == 0
    steps = [stream.step(row if channels > 1 else float(row[0])) for row in x.T]
    np.testing.assert_array_equal(steps, found)
    assert (stream.delay, stream.window) == (delay, L)


def test_a_step_is_scored_in_the_form_it_has() -> None:
    model = model_of()[2]
    forms = [np.float32, np.float64, float, lambda x: np.array([x]), lambda x: np.array(x)]
    streams = [anomalies(model, 0) for _ in forms]
    for x in series_of(1)[0]:
        scores = [stream.step(form(x)) for stream, form in zip(streams, forms, strict=True)]
        assert len(set(scores)) == 1


def test_a_channel_that_is_missing_has_no_say() -> None:
    """And where all are missing, the error is a typical one."""
    model = model_of()[2]
    x = series_of(1)[0]
    both = anomalies(model, 0, 2, missing=True)
    alone = anomalies(model, 0)
    silent = anomalies(model, 0, missing=True)
    for number in x:
        expected = alone.step(number)
        assert both.step(np.array([number, np.nan])) == expected
        assert silent.step(np.nan) == -1.0


def test_huge_numbers_do_no_lasting_harm() -> None:
    """A window that holds one has a huge error, and the windows after it their own."""
    model = model_of()[2]
    x = series_of(1)[0].astype(np.float64)
    calm, struck = anomalies(model, L - 1), anomalies(model, L - 1)
    wild = x.copy()
    wild[1] = 1e300
    one, other = calm.process(x), struck.process(wild)
    assert np.isfinite(other[L - 1 :]).all()
    assert (other[L - 1 : L + 1] < -1e20).all()
    np.testing.assert_array_equal(one[2 * L :], other[2 * L :])


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"delay": L}, ["delay", "between 0 and 11", "12"]),
        ({"delay": -1}, ["delay", "-1"]),
        ({"rows": M + 1}, ["does not reconstruct windows of 5 rows"]),
        ({"scale": [0.0]}, ["scale", "above 0"]),
        ({"unit": [np.nan]}, ["unit", "finite"]),
        ({"unit": [1.0, 1.0]}, ["unit", "each channel"]),
        ({"mean": [], "scale": [], "unit": []}, ["mean", "each channel"]),
    ],
)
def test_refused_settings(given: Any, parts: list[str]) -> None:
    settings = {"rows": M, "delay": 0, "mean": [0.0], "scale": [1.0], "unit": [1.0]}
    with pytest.raises(ValueError, match=says(*parts)):
        _core.AnomalyStream(model_of()[2], **(settings | given))


@pytest.mark.parametrize(
    ("x", "error", "parts"),
    [
        (np.nan, ValueError, ["x_t is NaN", "missing"]),
        (np.inf, ValueError, ["x_t is infinite"]),
        (np.zeros(2), ValueError, ["x_t", "expected shape (1,), or a number", "(2,)"]),
        ("1", TypeError, ["x_t", "numbers"]),
        (None, TypeError, ["x_t", "numbers"]),
    ],
)
def test_a_refused_step_leaves_the_stream(x: Any, error: type[Exception], parts: list[str]) -> None:
    model = model_of()[2]
    one, other = anomalies(model, 0), anomalies(model, 0)
    for number in series_of(1)[0]:
        with pytest.raises(error, match=says(*parts)):
            one.step(x)
        assert one.step(number) == other.step(number)


def test_a_refused_block_leaves_the_stream() -> None:
    stream = anomalies(model_of()[2], 1, 2)
    with pytest.raises(ValueError, match="block is infinite at step 2 in channel 1"):
        stream.process(np.array([[0, 0], [0, 0], [0, np.inf]]))
    with pytest.raises(ValueError, match=says("block", "expected shape (T, 2)", "(4,)")):
        stream.process(np.zeros(4))
    assert len(stream.pending()) == 0


@pytest.mark.parametrize(
    "settings",
    [{"pooling": "last", "horizon": 0}, {"bidirectional": True, "pooling": "last", "horizon": 0}],
)
def test_models_that_have_no_windows(settings: Any) -> None:
    with pytest.raises(ValueError, match="pooling 'horizon'"):
        _core.WindowStream(model_of(**settings)[2], rows=M, level="last")


def test_other_refusals() -> None:
    model = model_of()[2]
    with pytest.raises(ValueError, match="level must be 'last' or 'mean', got 'first'"):
        _core.WindowStream(model, rows=M, level="first")
    with pytest.raises(ValueError, match="rows"):
        _core.WindowStream(model, rows=0, level="last")
    with pytest.raises(ValueError, match="series"):
        _core.WindowStream(model, rows=1, level="last", series=2**40)
    with pytest.raises(ValueError, match=says("numbers", "(1,)")):
        _core.WindowStream(model, rows=M, level="last").step(np.zeros(2, np.float32))
