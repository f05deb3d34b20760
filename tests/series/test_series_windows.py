"""Windows of series: as plain copies of what a plan says, in units of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from skrnn import _core
from skrnn._series.differences import difference
from skrnn._series.fitted import facts_of
from skrnn._series.panel import Panel, filled
from skrnn._series.plan import Plan
from skrnn._series.windows import Origins, WindowedSeries, origins_of

SEASON = 5
PLAN = Plan(
    horizon=4,
    rows=3,
    width=4,
    steps=2,
    step_width=3,
    seasonality=SEASON,
    lags=(),
    scaling="last",
    covariates=0,
)


def panel_of(covariates: int = 0, *, missing: bool = False, more: int = 0) -> Panel:
    """Series of several lengths and sizes, some shorter than a window."""
    rng = np.random.default_rng(0)
    values = [
        scale * (3 + rng.normal(size=n).cumsum()) for n, scale in ((40, 1), (9, 1e5), (3, 1e-4))
    ]
    values.append(np.exp(rng.normal(size=30)))
    if missing:
        values[0][[0, 7, 8, 20]] = np.nan
        values[3][[3, 29]] = np.nan
    beside = [rng.normal(size=(len(x) + more, covariates)) for x in values]
    return Panel.of(values, beside)


def read(x: np.ndarray, plan: Plan) -> np.ndarray:
    known = filled(x)
    return difference(known, plan.difference) if plan.difference else known


def before(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """What stands at some places; the first of all in front of it, the last one behind."""
    return x[np.clip(at, 0, len(x) - 1)]


def units(plan: Plan, panel: Panel, i: int, end: int) -> tuple[float, float]:
    """Level and scale as the parameter `scaling` documents them."""
    observed = ~np.isnan(panel.values[i])
    observed[: plan.difference] = False
    x = read(panel.values[i], plan)
    known = x[observed] if observed.any() else np.zeros(1)
    window = x[max(0, end - plan.lookback) : end]
    deviation = known.std()
    if plan.scaling is None:
        return 0.0, 1.0
    if plan.scaling == "standard":
        return known.mean(), deviation
    if plan.scaling == "mean_abs":
        return 0.0, np.abs(window).mean()
    if plan.scaling in ("difference", "seasonal_difference"):
        return 0.0, deviation or 1.0  # of zeros
    grows = facts_of(panel, plan).grows[i]
    return x[end - 1], deviation * (np.abs(window).mean() / np.abs(known).mean() if grows else 1)


def copies(plan: Plan, panel: Panel, origins: Origins) -> tuple[Any, Any, Any, Any]:
    """From the definition: rows (S, channels), offsets, targets (N * steps, step_width), and
    covariates of the steps to come (N * steps, step_width * K).
    """
    rows, offsets, targets, future = [], [0], [], []
    for i, end in zip(origins.series, origins.ends, strict=True):
        x = read(panel.values[i], plan)
        level, scale = units(plan, panel, i, end)
        count = max(1, min(plan.rows, end // plan.width))
        for row in range(count):
            at = end - (count - row) * plan.width + np.arange(plan.width)
            parts = [(before(x, at) - level) / scale]
            parts += [(before(x, at + plan.width - lag) - level) / scale for lag in plan.lags]
            rows.append(np.concatenate([*parts, before(panel.covariates[i], at).ravel()]))
        offsets.append(offsets[-1] + count)
        coming = np.arange(end, end + plan.block)
        observed = np.append(np.where(np.isnan(panel.values[i]), np.nan, x), np.nan)
        base = np.full(plan.block, level)
        if plan.season:
            base = before(x, end - plan.season + np.arange(plan.block) % plan.season)
        targets.append((observed[np.minimum(coming, len(x))] - base) / scale)
        future.append(before(panel.covariates[i], coming))
    numbers = np.array(targets, np.float32).reshape(-1, plan.step_width)
    beside = np.array(future, np.float32).reshape(len(numbers), plan.step_width * plan.covariates)
    return np.array(rows, np.float32), np.array(offsets), numbers, beside


def plain(plan: Plan, rows: Any, offsets: Any, future: Any) -> _core.Windows:
    """Rows that are all there, each a step of the network, with the covariates of steps to come."""
    first = np.arange(len(offsets) - 1) * plan.steps * future.shape[1]
    covariates = (np.append(future.ravel(), 0).astype(np.float32), first, 0, future.shape[1])
    starts = offsets[:-1] * rows.shape[1]
    return _core.Windows(rows.ravel(), starts, width=rows.shape[1], covariates=covariates)


def network(plan: Plan) -> tuple[_core.NetworkLayout, Any, _core.Trainer]:
    layout = _core.NetworkLayout(
        cell="gru",
        input_size=plan.channels,
        hidden_size=5,
        output_size=plan.step_width,
        pooling="horizon",
        horizon=plan.steps,
        future_covariates=plan.step_width * plan.covariates,
    )
    rng = np.random.default_rng(1)
    parameters = rng.normal(scale=0.3, size=layout.num_parameters).astype(np.float32)
    trainer = _core.Trainer(layout, loss="squared_error", target_columns=plan.step_width)
    return layout, parameters, trainer


PLANS = [
    pytest.param(replace(PLAN, **changes), id=name)
    for name, changes in {
        "none": {"scaling": None},
        "standard": {"scaling": "standard"},
        "mean_abs": {"scaling": "mean_abs"},
        "last": {},
        "season": {"scaling": "season"},
        "difference": {"scaling": "difference"},
        "seasonal_difference": {"scaling": "seasonal_difference"},
        "lags": {"lags": (SEASON, 13)},
        "number by number": {"width": 1, "rows": 6, "steps": 1},
        "lags and season": {"lags": (SEASON,), "scaling": "season", "rows": 1},
        "covariates": {"covariates": 2},
        "covariates of differences": {"covariates": 1, "lags": (7,), "scaling": "difference"},
    }.items()
]


@pytest.mark.parametrize("more", [0, 2, 30])
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("plan", PLANS)
def test_windows_are_what_the_plan_says(plan: Plan, missing: bool, more: int) -> None:
    """Also where the covariates of some steps behind the end of a series are known."""
    panel = panel_of(plan.covariates, missing=missing, more=more)
    origins = origins_of(panel, plan)
    windows, offsets = WindowedSeries(panel, facts_of(panel, plan), plan).windows(origins)
    rows, expected, targets, future = copies(plan, panel, origins)
    np.testing.assert_array_equal(offsets, expected)
    rows = plain(plan, rows, offsets, future)
    layout, parameters, trainer = network(plan)
    np.testing.assert_allclose(
        layout.predict(parameters, windows, offsets),
        layout.predict(parameters, rows, offsets),
        atol=2e-5,  # float32 of numbers of order ten
    )
    loss, gradient = trainer.gradient(parameters, windows, offsets, None)
    wanted, slope = trainer.gradient(parameters, rows, offsets, targets)
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-4 * np.abs(slope).max())


@pytest.mark.parametrize("plan", PLANS)
def test_a_window_does_not_depend_on_what_else_there_is(plan: Plan) -> None:
    """Neither on other series, however large, nor on how long ago its series began."""
    panel = panel_of(plan.covariates)
    others = [1e30 * panel.values[0], panel.values[0], 1e-30 * panel.values[0]]
    facts = facts_of(panel, plan).take(np.zeros(3, np.int64))
    layout, parameters, _ = network(plan)

    def answers(values: list[np.ndarray], at: int) -> Any:
        many = Panel.of(values, [panel.covariates[0][-len(x) :] for x in values])
        series = WindowedSeries(many, facts.take(np.arange(len(values))), plan)
        origins = Origins(np.array([at]), np.array([len(values[at])]))
        windows, offsets = series.windows(origins)
        return layout.predict(parameters, windows, offsets), *series.units(origins)

    alone = answers([panel.values[0]], 0)
    for values, at in ((others, 1), ([panel.values[0][-plan.past - 1 :]], 0)):
        for found, expected in zip(answers(values, at), alone, strict=True):
            np.testing.assert_array_equal(found, expected)
