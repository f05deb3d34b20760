"""The dense head: outputs = x W^T + b, for each row."""

from __future__ import annotations

from reference.cell import Array


def forward(weight: Array, bias: Array, x: Array) -> Array:
    """Return (n, K), given weight (K, F), bias (K,) and x (n, F)."""
    outputs: Array = x @ weight.T + bias
    return outputs


def backward(weight: Array, x: Array, doutputs: Array) -> tuple[Array, dict[str, Array]]:
    """Return dL/dx, and the gradients of weight and bias."""
    return doutputs @ weight, {"weight": doutputs.T @ x, "bias": doutputs.sum(axis=0)}
