"""Clipping by the norm of all gradients at once (Pascanu, Mikolov, Bengio, arXiv:1211.5063)."""

from __future__ import annotations

import numpy as np

from reference.cell import Array


def clip(gradient: Array, max_norm: float) -> tuple[Array, float]:
    """Return the gradient of at most ``max_norm``, and the norm that it had.

    The 1e-6 is ``torch.nn.utils.clip_grad_norm_``'s: a gradient is changed from that much under
    ``max_norm`` on. Clipping comes before weight decay, which the optimiser applies.
    """
    norm = float(np.sqrt(np.sum(gradient**2)))
    coefficient = max_norm / (norm + 1e-6)
    return (gradient * coefficient if coefficient < 1 else gradient), norm
