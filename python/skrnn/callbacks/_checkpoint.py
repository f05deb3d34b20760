"""Checkpoint: a fit that can be resumed after it was killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from skrnn._parameters import integer
from skrnn._training.callback_protocol import just_ended
from skrnn._training.checkpoint_file import CheckpointFile
from skrnn._training.identity import digest, identity_of


class Checkpoint:
    """Save a fit after each epoch, and resume it when fit is called again.

    A fit that was killed and is started again, by the same program with the same data, ends with
    the same bits as an uninterrupted one: parameters, curves, and the epoch it stops at. A fit that
    had ended returns at once; with a larger `max_iter` it continues.

    Parameters
    ----------
    path : str or path-like
        The file. It is replaced each time, atomically, and kept after the fit. If this is an
        existing folder, each fit has a file in it, named after its settings and data: so
        cross-validations and searches can be resumed, too.
    every : int, default=1
        Save every so many epochs. The last epoch is always saved.

    Raises
    ------
    TypeError
        For a `path` that is not a str or path-like.
    ValueError
        For an `every` below one. In fit, for a file that is damaged or not a checkpoint, and for a
        checkpoint of other data or settings; the message names the difference.
    OSError
        In fit, if the file cannot be written. The estimator is usable nevertheless.

    See Also
    --------
    EarlyStopping : With `max_seconds`, ends a fit before it is killed.

    Notes
    -----
    Of the parameters, `n_jobs` and `verbose` may change in between, and `max_iter` unless the
    learning rate is "cosine" or "one_cycle", whose length is `max_iter`. Data are compared by their
    SHA-256. With ``random_state=None`` the seed of the file is taken; a `RandomState` object draws
    another seed in each fit, so give a number.

    Bits are the same on the same instruction set; with another instruction set training can be
    resumed, but rounds differently.

    The file holds, in the safetensors format, the parameters, those of the best epoch, the state of
    the optimiser, and the curves; the seed and the identity of the fit are JSON. It holds no code.
    A process that is killed while it writes may leave a file behind whose name ends in ".tmp",
    which can be deleted.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.callbacks import Checkpoint
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(length, 1)) for length in (3, 5, 7, 9) * 10]
    >>> y = [x.mean() for x in X]
    >>> model = RNNRegressor(hidden_size=8, learning_rate="constant", max_iter=5, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = model.set_callbacks(Checkpoint(Path(folder) / "model.checkpoint"))
    ...     model.fit(X, y).n_iter_
    ...     model.set_params(max_iter=8).fit(X, y).n_iter_  # three more
    5
    8
    """

    def __init__(self, path: str | os.PathLike[str], *, every: int = 1) -> None:
        self.path = path
        self.every = every
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(
                f"Checkpoint got path={path!r}; expected path to be a str or a path-like object"
            )
        if not integer(1).holds(every):
            raise ValueError(
                f"Checkpoint got every={every!r}; expected every to be {integer(1).expected}"
            )

    def __repr__(self) -> str:
        return f"Checkpoint({os.fspath(self.path)!r}, every={self.every})"

    # ---- scikit-learn's protocol ----

    def setup(self, estimator: Any, context: Any) -> None:  # noqa: ARG002
        """Refuse estimators that cannot be resumed."""
        if getattr(estimator, "_run", None) is None:
            raise TypeError(
                "Checkpoint is for the estimators of skrnn; set it on one of those and not on "
                f"{type(estimator).__name__}"
            )

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Save if the fit or an `every`-th epoch has ended."""
        run, file = estimator._run, estimator._checkpoint_file
        fit_ended = context.max_subtasks != 0
        # A fit that diverged may end with fewer epochs than were saved last.
        if fit_ended or (just_ended(context, run) and run.epochs % self.every == 0):
            if run.epochs > 0:
                file.write(run)
            else:
                file.path.unlink(missing_ok=True)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""


def checkpoint_file(
    estimator: Any, *, begin: bool, max_iter: int, **data: Any
) -> CheckpointFile | None:
    """Return the file that an estimator saves its fit in, if it has a `Checkpoint`.

    Parameters
    ----------
    estimator : SequenceEstimator
    begin : bool
        Whether the fit starts anew.
    max_iter : int
        Largest number of epochs, given or chosen.
    **data : Sequences, array or None
        All data of the fit, checked.

    Raises
    ------
    ValueError
        For more than one checkpoint.
    """
    callbacks = getattr(estimator, "_skl_callbacks", [])
    checkpoints = [callback for callback in callbacks if isinstance(callback, Checkpoint)]
    if not checkpoints:
        return None
    if len(checkpoints) > 1:
        raise ValueError(f"an estimator takes one Checkpoint, not {len(checkpoints)}")
    identity = identity_of(estimator, begin, max_iter, **data)
    path = Path(checkpoints[0].path)
    if path.is_dir():
        text = json.dumps([identity, max_iter])
        name = digest(np.frombuffer(text.encode(), np.uint8))[:20]
        path = path / f"{type(estimator).__name__}-{name}.checkpoint"
    return CheckpointFile(path, identity)
