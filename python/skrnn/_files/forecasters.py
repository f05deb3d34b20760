"""What a forecaster has beside its network, to the JSON and arrays of a file and back; NumPy only.

Arrays, float64, where there are numbers of their kind:

    lengths, values          steps of each history, and their numbers end to end
    rows, covariates         rows of covariates of each history, and their numbers
    facts.mean, ...          what is known of each history, by the names in `Facts`
    errors                   `Errors.table`
    exog.mean, exog.scale    units of the columns of exog
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._files.fields import Fields
from skrnn._files.series_forms import form_of, form_section
from skrnn._files.values import encode, shorten
from skrnn._series.conformal import Errors
from skrnn._series.covariates import Covariates
from skrnn._series.dates import CALENDAR
from skrnn._series.fitted import Fitted
from skrnn._series.panel import Panel
from skrnn._series.plan import Plan
from skrnn._series.units import SCALINGS, Facts

Values = NDArray[np.float64]

_MOST = 2**20  # steps of a horizon or a season, and numbers of a window


def forecaster_section(fitted: Fitted) -> dict[str, Any]:
    """Return what a forecaster has learned as JSON, without its arrays.

    Raises
    ------
    ValueError
        For keys or a name of series that JSON cannot hold.
    """
    errors = fitted.errors
    plan = {**fitted.plan.as_dict(), "lags": list(fitted.plan.lags)}
    return {
        "plan": {name: encode(value, name) for name, value in plan.items()},
        "covariates": _covariates_section(fitted.covariates),
        "form": form_section(fitted.form),
        "missing": bool(fitted.missing),
        "trust": float(fitted.trust),
        "effective_errors": None if errors is None else float(errors.effective),
        "naive_ratio": encode(fitted.naive_ratio, "naive_ratio_"),
    }


def forecaster_arrays(fitted: Fitted) -> dict[str, Values]:
    """Return the arrays of a forecaster by name; empty ones are left out."""
    panel, covariates = fitted.histories, fitted.covariates
    found = {"lengths": panel.lengths, "values": np.concatenate(panel.values)}
    if covariates.count:
        found["rows"] = np.array([len(beside) for beside in panel.covariates])
        found["covariates"] = np.concatenate(panel.covariates)
    found |= {f"facts.{name}": getattr(fitted.facts, name) for name in Facts.COLUMNS}
    found["exog.mean"], found["exog.scale"] = (
        np.array(units) for units in (covariates.mean, covariates.deviation)
    )
    if fitted.errors is not None:
        found["errors"] = fitted.errors.table
    flat = {name: np.ascontiguousarray(a, np.float64).reshape(-1) for name, a in found.items()}
    return {name: array for name, array in flat.items() if len(array)}


def _covariates_section(covariates: Covariates) -> dict[str, Any]:
    return {
        "calendar": list(covariates.calendar),
        "exog": int(covariates.exog),
        "names": None if covariates.names is None else encode(list(covariates.names), "exog"),
        "static": bool(covariates.static),
    }


# ---- Back ----


def forecaster_of(root: Fields, arrays: Mapping[str, Values]) -> Fitted | None:
    """Return what the forecaster in a file has learned; None for another estimator.

    Parameters
    ----------
    root : Fields
        The whole JSON.
    arrays : mapping of str to array of shape (length,)
        Those of the file, finite.

    Raises
    ------
    ValueError
        For anything that no forecaster writes.
    """
    left = dict(arrays)
    fitted = None
    if root.value.get("forecaster") is not None:
        fitted = _fitted(root.fields("forecaster"), root, _Arrays(left))
    if left:
        raise ValueError(f"its array {shorten(min(left))} is no part of its model")
    return fitted


class _Arrays:
    """The arrays of a file, each of which is taken once."""

    def __init__(self, arrays: dict[str, Values]) -> None:
        self._arrays = arrays

    def take(self, name: str, size: int) -> Values:
        """Return an array of so many numbers; empty ones are not kept."""
        if size == 0:
            return np.empty(0)
        values = self.any(name)
        if len(values) != size:
            raise ValueError(f"its array {name} has {len(values)} numbers; expected {size}")
        return values

    def any(self, name: str) -> Values:
        """Return an array of any length."""
        if name not in self._arrays:
            raise ValueError(f"it has no array {name}")
        return self._arrays.pop(name)

    def parts(self, lengths: str, count: int | None, values: str, width: int) -> list[Values]:
        """Return `count` parts of an array, (length, width) each, with the lengths of another."""
        counts = self.any(lengths)
        flat = self.any(values)
        whole = (counts >= 1) & (counts <= len(flat)) & (counts == np.floor(counts))
        fits = counts.sum() * width == len(flat) and count in (None, len(counts))
        if not whole.all() or not fits:
            raise ValueError(f"its arrays {lengths} and {values} do not fit each other")
        cuts = np.cumsum(counts.astype(np.int64))[:-1]
        return np.split(flat.reshape(-1, width), cuts)


def _fitted(section: Fields, root: Fields, arrays: _Arrays) -> Fitted:
    plan = _plan(section.fields("plan"))
    _check_network(plan, root)
    values = [x[:, 0] for x in arrays.parts("lengths", None, "values", 1)]
    n, K = len(values), plan.covariates
    beside = [np.empty((len(x), 0)) for x in values]
    if K:
        beside = arrays.parts("rows", n, "covariates", K)
    if any(len(b) < len(x) for b, x in zip(beside, values, strict=True)):
        raise ValueError("its array covariates does not suit its series")
    form = form_of(section.fields("form"), n)
    covariates = _covariates(section.fields("covariates"), arrays)
    dated = form.last is not None and form.last.dtype.kind == "M"
    if covariates.count != K or (covariates.calendar and not dated):
        raise ValueError(f"{section.path}.covariates does not suit its plan and form")
    ratio = section.get("naive_ratio")
    return Fitted(
        plan,
        covariates,
        form,
        Panel(values, beside),
        _facts(arrays, n),
        section.of_type("missing", bool),
        trust=section.number("trust", 0.0, 1.0),
        errors=_errors(section, arrays, plan),
        naive_ratio=None if ratio is None else section.number("naive_ratio", 0.0),
    )


def _plan(section: Fields) -> Plan:
    counts = {
        field.name: section.integer(field.name, 0 if field.name == "covariates" else 1, _MOST)
        for field in fields(Plan)
        if field.name not in ("lags", "scaling")
    }
    scaling = section.get("scaling")
    if scaling is not None and scaling not in SCALINGS:
        raise ValueError(f"{section.path}.scaling is unknown: {shorten(scaling)}")
    plan = Plan(**counts, lags=tuple(section.integers("lags", 2, _MOST)), scaling=scaling)
    seasonal = plan.scaling in ("season", "seasonal_difference") or plan.lags
    if plan.lags not in ((), (plan.seasonality,)) or any(lag < plan.width for lag in plan.lags):
        raise ValueError(f"{section.path}.lags does not suit its season")
    if (seasonal and plan.seasonality == 1) or plan.lookback > _MOST:
        raise ValueError(f"{section.path} has a season of one step, or is too large")
    # All but the recursive strategy answer the whole horizon at once.
    answered = plan.block - plan.step_width < plan.horizon <= plan.block
    if not answered and not (plan.steps == 1 and plan.step_width == plan.width):
        raise ValueError(f"{section.path}.horizon does not suit its steps")
    return plan


def _check_network(plan: Plan, root: Fields) -> None:
    """Raise ValueError unless the network reads and answers what the plan says."""
    network, loss = root.fields("network").value, root.fields("loss")
    expected = {
        "pooling": "horizon",
        "embedding_size": 0,
        "input_size": plan.channels,
        "horizon": plan.steps,
        "future_covariates": plan.step_width * plan.covariates,
    }
    for name, value in expected.items():
        found = network.get(name, 0)
        if found != value:
            raise ValueError(f"network.{name} is {shorten(found)}, and its plan needs {value!r}")
    if loss.get("targets") != plan.step_width:
        raise ValueError(f"loss.targets does not suit the step_width {plan.step_width} of its plan")


def _covariates(section: Fields, arrays: _Arrays) -> Covariates:
    calendar = tuple(section.strings("calendar"))
    if len(set(calendar)) < len(calendar) or not set(calendar) <= set(CALENDAR):
        raise ValueError(f"{section.path}.calendar is no list of {[*CALENDAR]}, each once")
    exog = section.integer("exog", 0, _MOST)
    names = None if section.get("names") is None else tuple(section.strings("names"))
    if names is not None and len(names) != exog:
        raise ValueError(f"{section.path} has {len(names)} names for {exog} columns")
    mean, scale = arrays.take("exog.mean", exog), arrays.take("exog.scale", exog)
    if (scale <= 0).any():
        raise ValueError("its array exog.scale has to be above 0")
    return Covariates(
        calendar,
        exog,
        names,
        section.of_type("static", bool),
        tuple(mean.tolist()),
        tuple(scale.tolist()),
    )


def _facts(arrays: _Arrays, n: int) -> Facts:
    columns = {name: arrays.take(f"facts.{name}", n) for name in Facts.COLUMNS}
    for name, column in columns.items():
        if name == "grows":
            expected, holds = "0 or 1", np.isin(column, (0, 1))
        elif name in ("changes", "moves"):
            expected, holds = "above 0", column > 0
        else:  # nothing need have changed
            expected, holds = "0 or above", (column >= 0) | (name == "mean")
        if not holds.all():
            raise ValueError(f"its array facts.{name} has to be {expected}")
    return Facts(**{**columns, "grows": columns["grows"] != 0})


def _errors(section: Fields, arrays: _Arrays, plan: Plan) -> Errors | None:
    if section.get("effective_errors") is None:
        return None
    effective = section.number("effective_errors", 1.0)
    flat = arrays.any("errors")
    if len(flat) % plan.block:
        raise ValueError("its array errors does not suit its plan")
    table = flat.reshape(-1, plan.block)
    if (np.diff(table, axis=0) < 0).any():
        raise ValueError("its array errors is not sorted")
    return Errors(table, effective)
