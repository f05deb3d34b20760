"""Refusals of settings: the message names the parameter, its value and the expected values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import KINDS, Case, on
from helpers.support import says

# For each parameter, values that are refused, and words of the message about allowed ones.
WRONG: dict[str, tuple[list[Any], str]] = {
    "cell": (["", "LSTM", None, 3], "'lstm'"),
    "hidden_size": ([0, -3, 2.5, "64", None, True, np.nan, 10**15], "an integer of 1"),
    "num_layers": ([0, 1.0, None, False, 10**15], "an integer of 1"),
    "bidirectional": ([1, 0, "yes", None], "True or False"),
    "pooling": (["sum", None, 0], "'attention'"),
    "embedding_size": ([0, -1, 2.0, "8", True, 10**15], "None"),
    "min_frequency": ([0, -1, 2.0, "2", None, True], "1 or more"),
    "standardize": (["yes", None, 1, 0, "Auto"], "'auto'"),
    "dropout": ([1, 1.0, -0.1, "0.5", None, np.nan, True], "[0, 1)"),
    "recurrent_dropout": ([1, -0.1, None, np.inf], "[0, 1)"),
    "loss": (["", "mse", None], "'auto'"),
    "quantiles": ([0.5, (), (0.1, 1.0), (0,), ("0.5",), None, [[0.1, 0.9]]], "between 0 and 1"),
    "delta": ([0, -1, "1", None, np.inf, np.nan], "(0, inf)"),
    "solver": (["lbfgs", None], "'adam'"),
    "learning_rate_init": ([0, -1e-3, "auto", None, np.nan, np.inf], "(0, inf)"),
    "learning_rate": ([0.1, "adaptive", None], "'constant'"),
    "alpha": ([-1e-3, None, np.inf, np.nan, "0"], "[0, inf)"),
    "clip_norm": ([0, -1, np.nan, "1"], "None"),
    "batch_size": ([0, "auto", 2.5, None, 10**30], "an integer of 1"),
    "max_iter": ([0, -1, 1e3, "auto", True], "None"),
    "tol": ([-1e-4, None, np.nan], "[0, inf)"),
    "n_iter_no_change": ([0, None, 2.5], "an integer of 1"),
    "early_stopping": ([1, "auto", None], "True or False"),
    "validation_fraction": ([0, 1, 5, None, -0.1], "(0, 1)"),
    "scoring": (["acuracy", 3, ["accuracy"], {"a": "accuracy"}], "get_scorer_names"),
    "tbptt": ([0, -1, 2.5, "10"], "None"),
    "class_weight": (["balnced", [1, 2], 3.0, {"high": -1}, {"high": "2"}], "'balanced'"),
    "warm_start": ([1, None, "yes"], "True or False"),
    "random_state": (["seed", -1, 1.5, 2**32, np.random.default_rng(0)], "RandomState"),
    "verbose": (["yes", None, -1, 1.5], "True, False"),
    "n_jobs": ([0, "2", 1.5, True], "None"),
}


def test_every_parameter_is_checked() -> None:
    assert WRONG.keys() == {name for case in KINDS for name in case.make().get_params()}


@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, id=f"{case.name}-{name}")
        for case in KINDS
        for name in WRONG
        if name in case.make().get_params()
    ],
)
def test_wrong_values(case: Case, name: str) -> None:
    X, y = case.data()
    values, expected = WRONG[name]
    for value in values:
        model = case.make(**{name: value})
        parts = (type(model).__name__, f"{name}={value!r}", "expected", expected)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=says(*parts)):
                method(X, y)
        assert not hasattr(model, "params_")


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("cell", "lsmt", "'lstm'"),
        ("cell", "GRU", "'gru'"),
        ("pooling", "attension", "'attention'"),
        ("solver", "adm", "'adam'"),
        ("learning_rate", "cosin", "'cosine'"),
        ("scoring", "acuracy", "'accuracy'"),
        ("scoring", "neg_log_los", "'neg_log_loss'"),
        ("class_weight", "balanced_", "'balanced'"),
        ("loss", "autoo", "'auto'"),
    ],
)
def test_suggestions(name: str, value: str, meant: str) -> None:
    X, y = KINDS[0].data()
    with pytest.raises(ValueError, match=says(f"{name}={value!r}", f"Did you mean {meant}?")):
        KINDS[0].make(**{name: value}).fit(X, y)


@on(KINDS)
def test_numbers_of_numpy_are_accepted(case: Case) -> None:
    X, y = case.data()
    model = case.make(
        hidden_size=np.int32(5),
        dropout=np.float32(0.25),
        learning_rate_init=np.float64(0.01),
        max_iter=np.uint8(2),
        bidirectional=np.bool_(True),
        n_jobs=np.int64(1),
        verbose=0,
        clip_norm=2,
        tol=0,
    )
    assert model.fit(X, y).n_iter_ == 2


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"bidirectional": True}, ("tbptt=2", "bidirectional")),
        ({"pooling": "mean"}, ("tbptt=2", "pooling='mean'", "'last'")),
    ],
)
@on(KINDS)
def test_settings_that_do_not_go_together(
    case: Case, settings: dict[str, Any], parts: tuple[str, ...]
) -> None:
    X, y = case.data()
    model = case.make(tbptt=2, **settings)
    with pytest.raises(ValueError, match=says(*parts)):
        model.fit(X, y)
    assert not hasattr(model, "params_")
