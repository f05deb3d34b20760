"""Options of losses, and messages about wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from skrnn import _core

OPTIONS = {"huber": ["delta"], "quantile": ["quantiles"]}


def trainer(loss: str, options: dict[str, Any], output_size: int = 1) -> _core.Trainer:
    layout = _core.NetworkLayout(cell="gru", input_size=1, hidden_size=2, output_size=output_size)
    return _core.Trainer(layout, loss=loss, loss_options=options)


@pytest.mark.parametrize("loss", [name for name, _ in _core.losses()])
def test_a_loss_has_the_options_it_declares(loss: str) -> None:
    names = OPTIONS.get(loss, [])
    assert _core.loss_options(loss) == names
    instead = f"it has: {', '.join(names)}" if names else "leave it out"
    with pytest.raises(ValueError, match=rf"'{loss}' has no option 'speed', got 3; {instead}"):
        _core.outputs_for(loss, 1, {"speed": 3.0})


def test_numbers_of_any_type() -> None:
    trainer("huber", {"delta": 2})
    trainer("huber", {})  # its default
    trainer("quantile", {"quantiles": (0.1, 0.9)}, output_size=2)
    assert _core.outputs_for("quantile", 3, {"quantiles": [0.1, 0.9]}) == 6


@pytest.mark.parametrize(
    ("loss", "options", "message"),
    [
        ("huber", {"delta": 0.0}, "delta must be above 0, got 0; it is an option of loss 'huber'"),
        ("huber", {"delta": -1.5}, "delta must be above 0, got -1.5"),
        ("huber", {"delta": float("nan")}, "delta must be above 0, got nan"),
        ("huber", {"delta": [1.0]}, "delta must be a number, got a list of 1"),
        (
            "huber",
            {"quantiles": [0.5]},
            "no option .quantiles., got a list of 1; it has: delta",
        ),
        ("quantile", {}, "quantiles must be a list of numbers, got none"),
        ("quantile", {"quantiles": []}, "must be a list of one or more numbers, got a list of 0"),
        ("quantile", {"quantiles": 0.5}, "must be a list of one or more numbers, got 0.5"),
        ("quantile", {"quantiles": [0.5, 1.0]}, r"quantiles must be in \(0, 1\), got 1"),
    ],
)
def test_wrong_options_are_named(loss: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trainer(loss, options)


def test_settings_of_a_trainer_have_names_and_types() -> None:
    layout = _core.NetworkLayout(cell="gru", input_size=1, hidden_size=2, output_size=1)
    with pytest.raises(TypeError, match="Trainer has no setting 'speed'"):
        _core.Trainer(layout, loss="huber", speed=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="batch_size: cannot be 'many'"):
        _core.Trainer(layout, loss="huber", batch_size="many")  # type: ignore[arg-type]
