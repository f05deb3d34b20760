"""The sections of a file that the core reads: the network, and its loss."""

from __future__ import annotations

from typing import Any

from skrnn._files.values import encode


def served_sections(estimator: Any) -> dict[str, Any]:
    """Return the sections of the network and the loss of an estimator."""
    codec = estimator._codec
    return {
        "network": {
            name: encode(value, name) for name, value in estimator._network_settings().items()
        },
        "loss": {
            "name": codec.loss,
            "options": codec.loss_options,
            "targets": int(codec.columns),
        },
    }
