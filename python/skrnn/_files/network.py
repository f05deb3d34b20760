"""The sections of a file that the core reads: the network, and its loss."""

from __future__ import annotations

from typing import Any

from skrnn._files.values import encode


def served_sections(estimator: Any) -> dict[str, Any]:
    """Return the network and the loss of an estimator, as a file has them."""
    options = {"delta": 1.0, "quantiles": []} | estimator._loss_options()
    return {
        "network": {
            name: encode(value, name) for name, value in estimator._network_settings().items()
        },
        "loss": {
            "name": estimator._loss(),
            "targets": int(estimator._target_columns),
            **{name: encode(value, name) for name, value in options.items()},
        },
    }
