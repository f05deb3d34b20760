"""The sections of a file that the core reads: the network, and its loss."""

from __future__ import annotations

from typing import Any

from skrnn._files.values import encode


def served_sections(estimator: Any) -> dict[str, Any]:
    """Return the network and the loss of an estimator, as a file has them."""
    codec = estimator._codec
    options = {"delta": 1.0, "quantiles": []} | codec.loss_options
    return {
        "network": {
            name: encode(value, name) for name, value in estimator._network_settings().items()
        },
        "loss": {
            "name": codec.loss,
            "targets": int(codec.columns),
            **{name: encode(value, name) for name, value in options.items()},
        },
    }
