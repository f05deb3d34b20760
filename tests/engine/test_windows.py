"""Windows of one array, read in place: the same bits as copies of them, in units of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.support import says
from skrnn import _core

N, C, M = 60, 4, 3  # numbers; numbers of a row; steps to come
LENGTHS = np.array([3, 5, 1, 5, 2, 3])  # rows of each window
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
STARTS = np.array([0, 7, 2, 7, 40, 36])


def layout_of(pooling: str = "horizon") -> _core.NetworkLayout:
    return _core.NetworkLayout(
        cell="gru",
        input_size=C,
        hidden_size=6,
        output_size=C,
        pooling=pooling,
        horizon=M if pooling == "horizon" else 0,
        projection_size=5,
    )


def numbers() -> Any:
    rng = np.random.default_rng(0)
    levels, scales = rng.normal(size=(2, len(STARTS)))
    return (
        (5 + rng.normal(size=N)).astype(np.float32),
        levels.astype(np.float32),
        (2 + np.abs(scales)).astype(np.float32),
    )


def window_of(series: Any, starts: Any, levels: Any, scales: Any, **options: Any) -> _core.Windows:
    return _core.Windows(series, starts, width=C, levels=levels, scales=scales, **options)


def copies(each: int, units: str) -> tuple[Any, Any, Any]:
    """The windows, their rows (rows, C), and the targets that follow them (n * each, C)."""
    series, levels, scales = numbers()
    levels = levels if "level" in units else None
    scales = scales if "scale" in units else None
    rows, targets = [], []
    for i, (start, length) in enumerate(zip(STARTS, LENGTHS, strict=True)):
        own = series[start : start + (length + each) * C]
        if levels is not None:
            own = own - levels[i]
        if scales is not None:
            own = own / scales[i]
        rows.append(own[: length * C].reshape(-1, C))
        targets.append(own[length * C :].reshape(-1, C))
    return window_of(series, STARTS, levels, scales), np.concatenate(rows), np.concatenate(targets)


@pytest.mark.parametrize("units", ["none", "level", "scale", "level and scale"])
@pytest.mark.parametrize("pooling", ["horizon", "last", "mean"])
def test_windows_are_their_copies(pooling: str, units: str) -> None:
    layout = layout_of(pooling)
    windows, rows, targets = copies(M if pooling == "horizon" else 1, units)
    results = []
    for values, y in ((windows, None), (rows, targets)):
        rng = np.random.default_rng(1)
        parameters = rng.normal(scale=0.3, size=layout.num_parameters).astype(np.float32)
        trainer = _core.Trainer(
            layout, loss="absolute_error", target_columns=C, batch_size=4, dropout=0.2
        )
        loss, gradient = trainer.gradient(parameters, values, OFFSETS, y)
        losses = [
            trainer.run_epoch(parameters, values, OFFSETS, y, epoch=e)["loss"] for e in (0, 1)
        ]
        outputs = layout.predict(parameters, values, OFFSETS)
        evaluated = trainer.evaluate(parameters, values, OFFSETS, y, n_jobs=2)
        results.append([loss, gradient, losses, parameters, outputs, evaluated])
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert len(results[0][4]) == len(targets)


# ---- What rows hold beside their numbers, and what targets are ----

OF_ROW = 2  # covariates


def covered(series: Any, starts: Any, lags: tuple[int, ...], beside: Any, first: Any) -> Any:
    """The rows of windows as copies: numbers, those a lag before the next row, covariates."""
    rows = []
    for i, length in enumerate(LENGTHS):
        for row in range(length):
            at = starts[i] + row * C
            parts = [series[at : at + C]]
            parts += [series[at + C - lag : at + 2 * C - lag] for lag in lags]
            if beside is not None:
                parts.append(beside[first[i] + row * OF_ROW :][:OF_ROW])
            rows.append(np.concatenate(parts))
    return np.array(rows)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("lags", [(), (C,), (7,), (20, 5)])
def test_rows_hold_what_was_a_season_before_the_next_one(lags: Any, beside: bool) -> None:
    """In the units of the window, unlike covariates."""
    series, levels, scales = numbers()
    starts = STARTS + 16  # from which 20 numbers before the second row are there
    length = 40 + LENGTHS.sum() * OF_ROW
    covariates = np.random.default_rng(2).normal(size=length).astype(np.float32)
    first = np.array([5, 0, 7, 0, 30, 36])
    series = np.concatenate([series, series[::-1]])
    layout = _core.NetworkLayout(
        cell="gru",
        input_size=C * (1 + len(lags)) + OF_ROW * beside,
        hidden_size=6,
        output_size=C,
        pooling="horizon",
        horizon=M,
    )
    parameters = np.random.default_rng(1).normal(scale=0.3, size=layout.num_parameters)
    parameters = parameters.astype(np.float32)
    windows = window_of(
        series,
        starts,
        levels,
        scales,
        lags=lags,
        covariates=(covariates, first, OF_ROW, 0) if beside else None,
    )
    rows = covered(series, starts, lags, covariates if beside else None, first)
    numbers_of = rows[:, : C * (1 + len(lags))]
    of_window = np.repeat(np.arange(len(starts)), LENGTHS)
    numbers_of -= levels[of_window, None]
    numbers_of /= scales[of_window, None]
    np.testing.assert_array_equal(
        layout.predict(parameters, windows, OFFSETS), layout.predict(parameters, rows, OFFSETS)
    )
    targets = np.concatenate(
        [
            (series[end : end + M * C] - level) / scale
            for end, level, scale in zip(starts + LENGTHS * C, levels, scales, strict=True)
        ]
    ).reshape(-1, C)
    trainer = _core.Trainer(layout, loss="squared_error", target_columns=C, batch_size=4)
    one, other = (
        trainer.gradient(parameters, values, OFFSETS, y)
        for values, y in ((windows, None), (rows, targets))
    )
    assert one[0] == other[0]
    np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("season", [0, 1, 3, 5, M * C, M * C + 2])
@pytest.mark.parametrize("missing", [False, True])
def test_targets_are_differences_from_the_last_season(season: int, missing: bool) -> None:
    """Of another array than is read, where NaN is no target."""
    series, levels, scales = numbers()
    starts = STARTS + 2  # the season of the shortest window begins before it
    series = np.concatenate([series, series[::-1]])
    following = None
    if missing:
        following = series + 1
        following[::3] = np.nan
        following[starts[0] + LENGTHS[0] * C :][: M * C] = np.nan  # no target at all
    if season > starts[2] + LENGTHS[2] * C:
        starts = starts + season
    targets = []
    for i, end in enumerate(starts + LENGTHS * C):
        source = series if following is None else following
        for k in range(M * C):
            base = series[end - season + k % season] if season else levels[i]
            targets.append((source[end + k] - base) / scales[i])
    y = np.array(targets, np.float32).reshape(-1, C)
    assert np.isnan(y).any() == missing

    layout = layout_of()
    results = []
    for targets_of, more in ((None, {"season": season, "following": following}), (y, {})):
        windows = window_of(series, starts, levels, scales, **more)
        parameters = np.random.default_rng(1).normal(scale=0.3, size=layout.num_parameters)
        parameters = parameters.astype(np.float32)
        trainer = _core.Trainer(layout, loss="absolute_error", target_columns=C, batch_size=4)
        loss, gradient = trainer.gradient(parameters, windows, OFFSETS, targets_of)
        epoch = trainer.run_epoch(parameters, windows, OFFSETS, targets_of, epoch=0)["loss"]
        assert np.isfinite([loss, epoch]).all()
        results.append([loss, gradient, epoch, parameters])
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_window_reads_nothing_but_its_numbers() -> None:
    """Predictions read neither `following` nor what lies behind a window."""
    layout = layout_of()
    parameters = np.random.default_rng(1).normal(size=layout.num_parameters).astype(np.float32)
    series, levels, scales = numbers()
    last = int((STARTS + LENGTHS * C).max())
    hidden = series.copy()
    hidden[last:] = np.nan
    nothing = np.full_like(series, np.nan)
    found = [
        layout.predict(
            parameters, window_of(x, STARTS, levels, scales, following=f, season=3), OFFSETS
        )
        for x, f in ((series, None), (hidden, nothing))
    ]
    np.testing.assert_array_equal(*found)
    assert np.isfinite(found[1]).all()


@pytest.mark.parametrize(
    ("change", "error", "parts"),
    [
        ({"starts": STARTS[:-1]}, ValueError, ["levels", "(5,)", "(6,)"]),
        ({"starts": STARTS[:-1], "units": None}, ValueError, ["starts", "expected 6", "got 5"]),
        ({"starts": STARTS - 1}, ValueError, ["window 0", "numbers -1..10"]),
        ({"starts": STARTS + 13}, ValueError, ["window 4", "numbers 53..60", "0..59"]),
        ({"starts": STARTS + 2**62}, ValueError, ["window 0", "0..59"]),
        ({"starts": STARTS.astype(np.int32)}, ValueError, ["starts", "int64"]),
        ({"levels": np.zeros(5, np.float32)}, ValueError, ["levels", "(5,)"]),
        ({"scales": np.ones(6)}, ValueError, ["scales", "float64"]),
        ({"numbers": np.zeros((6, 10), np.float32)}, ValueError, ["numbers", "(6, 10)"]),
        ({"following": np.zeros(3, np.float32)}, ValueError, ["following", "(3,)", "(60,)"]),
        ({"width": 3}, ValueError, ["3 channels", "reads 4"]),
        ({"width": 0}, ValueError, ["width", "at least 1"]),
        ({"lags": (C - 1,)}, ValueError, ["lags", "4"]),
        ({"lags": (C,)}, ValueError, ["8 channels", "reads 4"]),
        ({"season": -1}, ValueError, ["season", "-1"]),
        ({"season": 13}, ValueError, ["window 0", "season from number -1 on"]),
        ({"reconstructs": True, "season": 1}, ValueError, ["season", "0", "reconstructed"]),
        ({"covariates": (np.zeros(9, np.float32), STARTS)}, TypeError, ["covariates", "tuple"]),
        ({"offsets": OFFSETS * 0}, ValueError, ["window 0 has no steps"]),
        ({"weights": np.ones(18, np.float32)}, ValueError, ["weights", "None"]),
        ({"pooling": "every_step"}, ValueError, ["targets", "expected an array"]),
    ],
)
def test_refusals(change: Any, error: type[Exception], parts: list[str]) -> None:
    series, levels, scales = numbers()
    change = {"levels": levels, "scales": scales} | change
    if "units" in change:
        change |= {"levels": None, "scales": None}
    others = ("offsets", "weights", "pooling", "units", "numbers", "starts")
    layout = layout_of(change.get("pooling", "horizon"))
    trainer = _core.Trainer(layout, loss="absolute_error", target_columns=C)
    parameters = np.zeros(layout.num_parameters, np.float32)
    with pytest.raises(error, match=says(*parts)):
        trainer.gradient(
            parameters,
            _core.Windows(
                change.get("numbers", series),
                change.get("starts", STARTS),
                **({"width": C} | {k: v for k, v in change.items() if k not in others}),
            ),
            change.get("offsets", OFFSETS),
            None,
            change.get("weights"),
        )


def test_targets_end_with_the_array() -> None:
    """The last number may be a target, but there is none behind it."""
    layout = layout_of()
    trainer = _core.Trainer(layout, loss="squared_error", target_columns=C)
    parameters = np.zeros(layout.num_parameters, np.float32)
    offsets, series = np.array([0, 2]), np.arange(N, dtype=np.float32)
    last = N - (2 + M) * C
    trainer.gradient(parameters, window_of(series, np.array([last]), None, None), offsets, None)
    with pytest.raises(ValueError, match=r"window 0 reads targets 49\.\.60"):
        trainer.gradient(
            parameters, window_of(series, np.array([last + 1]), None, None), offsets, None
        )
    layout.predict(parameters, window_of(series, np.array([N - 2 * C]), None, None), offsets)


@pytest.mark.parametrize("units", ["none", "level", "level and scale"])
def test_reconstruction_has_the_window_itself_as_its_targets(units: str) -> None:
    """Also the last number of the array, behind which there is none; NaN is no target."""
    series, levels, scales = numbers()
    observed = series.copy()
    observed[[3, 8, N - 1]] = np.nan
    starts, offsets = STARTS.copy(), np.arange(len(STARTS) + 1) * M
    starts[-1] = N - M * C
    levels, scales = (
        x if name in units else None for name, x in (("level", levels), ("scale", scales))
    )
    options = {"following": observed, "reconstructs": True}
    windows = window_of(series, starts, levels, scales, **options)
    each = starts[:, None] + np.arange(M * C)
    level = np.float32(0) if levels is None else levels[:, None]
    scale = np.float32(1) if scales is None else scales[:, None]
    targets = ((observed[each] - level) / scale).reshape(-1, C)
    layout = layout_of()
    trainer = _core.Trainer(layout, loss="squared_error", target_columns=C)
    parameters = np.random.default_rng(1).normal(scale=0.3, size=layout.num_parameters)
    parameters = parameters.astype(np.float32)
    found = trainer.gradient(parameters, windows, offsets, None)
    expected = trainer.gradient(parameters, windows, offsets, targets)
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])

    model = _core.Model(layout, parameters, loss="squared_error", targets=C)
    errors = np.abs(layout.predict(parameters, windows, offsets) - targets.astype(np.float64))
    mean = np.nanmean(errors.reshape(len(starts), -1), axis=1)
    one, two = (model.window_errors(windows, offsets, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_allclose(one, mean, rtol=1e-14)  # sums in another order
    np.testing.assert_array_equal(one, two)


def test_a_window_without_targets_has_no_error() -> None:
    layout, series = layout_of(), numbers()[0]
    parameters = np.zeros(layout.num_parameters, np.float32)
    model = _core.Model(layout, parameters, loss="squared_error", targets=C)
    observed = np.full_like(series, np.nan)
    observed[M * C] = series[M * C]
    options = {"following": observed, "reconstructs": True}
    windows = window_of(series, np.array([0, 1]), None, None, **options)
    errors = model.window_errors(windows, np.array([0, M, 2 * M]))
    np.testing.assert_array_equal(errors, [np.nan, np.abs(series[M * C])])


def test_refusals_of_errors() -> None:
    layout = layout_of()
    parameters = np.zeros(layout.num_parameters, np.float32)
    model = _core.Model(layout, parameters, loss="squared_error", targets=C)
    series, offsets = np.zeros(N, np.float32), np.array([0, M])
    with pytest.raises(TypeError, match=r"expected Windows, got numpy\.ndarray"):
        model.window_errors(np.zeros((M, C), np.float32), offsets)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"window 0 reads targets 60\.\.71"):
        model.window_errors(window_of(series, np.array([N - M * C]), None, None), offsets)
    quantiles = {"loss": "quantile", "loss_options": {"quantiles": [0.1, 0.9]}, "targets": C // 2}
    model = _core.Model(layout, parameters, **quantiles)
    windows = window_of(series, np.array([0]), None, None, reconstructs=True)
    with pytest.raises(ValueError, match="one output for each target"):
        model.window_errors(windows, offsets)
