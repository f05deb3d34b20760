"""Learning rate schedules: the factor of ``learning_rate_init``, as pure functions.

``constant``, ``cosine`` and ``one_cycle`` depend on a ``step`` in 0..total_steps-1, where a step is
a minibatch; ``plateau`` depends on the epochs so far.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def constant(step: int, total_steps: int) -> float:  # noqa: ARG001
    """1 throughout."""
    return 1.0


def cosine(step: int, total_steps: int) -> float:
    """Half a cosine from 1 down towards 0 (Loshchilov, Hutter, arXiv:1608.03983, eq. 5).

    ``torch.optim.lr_scheduler.CosineAnnealingLR`` with ``T_max=total_steps``: 0 itself would come
    one step after the last.
    """
    return float((1 + np.cos(np.pi * step / total_steps)) / 2)


def one_cycle(
    step: int,
    total_steps: int,
    *,
    warm_up: float = 0.3,  # share of the steps
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> float:
    """Up from 1/25 to 1, then down to 1/250000 at the last step (Smith, Topin, arXiv:1708.07120).

    ``torch.optim.lr_scheduler.OneCycleLR`` with ``learning_rate_init`` as ``max_lr``, and without
    its cycle of the momentum. With too few steps to warm up, the first is the peak.
    """
    first = 1 / div_factor
    last = first / final_div_factor
    peak = max(warm_up * total_steps - 1, 0.0)
    if step < peak:
        return _half_cosine(first, 1.0, step / peak)
    if total_steps == 1:
        return 1.0
    return _half_cosine(1.0, last, (step - peak) / (total_steps - 1 - peak))


def plateau(
    losses: Sequence[float], *, factor: float = 0.2, patience: int = 4, tol: float = 1e-4
) -> float:
    """Another ``factor`` each time the loss has not improved for more than ``patience`` epochs.

    ``torch.optim.lr_scheduler.ReduceLROnPlateau`` over the epochs so far, lower is better (of a
    score, take its negative), with ``threshold_mode="abs"``: better means by more than ``tol``, as
    in scikit-learn's MLP. PyTorch's default is a proportion of the best, which makes no sense for a
    log-likelihood below 0. A fifth is the factor of scikit-learn's ``learning_rate="adaptive"``.
    The patience has to be well under ``n_iter_no_change``, or training stops before a lower rate
    can have an effect.
    """
    multiplier, best, bad_epochs = 1.0, np.inf, 0
    for loss in losses:
        if loss < best - tol:
            best, bad_epochs = loss, 0
        else:
            bad_epochs += 1
        if bad_epochs > patience:
            multiplier, bad_epochs = multiplier * factor, 0
    return multiplier


def _half_cosine(start: float, end: float, progress: float) -> float:
    """From start to end as progress goes from 0 to 1, flat at both."""
    return float(end + (start - end) * (1 + np.cos(np.pi * progress)) / 2)
