"""An estimator during a fit: its view for callbacks, and its state if the fit ends now."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._estimators.samples import Samples
from skrnn._estimators.twins import LearnsByTwin
from skrnn._training.callback_protocol import CallbackSupportMixin, Epochs
from skrnn._training.checkpoint_file import CheckpointFile
from skrnn._training.initialization import named_views
from skrnn._training.loop import History, Run


class WatchedFit(CallbackSupportMixin, LearnsByTwin):
    """Follows a run, epoch by epoch.

    Meanwhile `params_` are views of the parameters in training, so that callbacks and validation
    scores see those.
    """

    params_: dict[str, NDArray[np.float32]]
    n_iter_: int

    # Only while fit runs.
    _run: Run
    _network: _core.NetworkLayout
    _checkpoint_file: CheckpointFile | None

    def _follow(self) -> None:
        """Update the curves from the run; `params_` are views of the parameters in training."""
        self.__dict__.update(self._curves())

    def _curves(self) -> dict[str, Any]:
        history = self._run.state.history
        return curves_of(history, self._run.validated or bool(history.scores))

    def _kept(self) -> dict[str, NDArray[np.float32]]:
        """Return views of the parameters that remain if the fit ends now."""
        state = self._run.state
        if not state.history.losses and all(np.isfinite(x).all() for x in self.params_.values()):
            # Ctrl-C in the first epoch: its partly trained parameters are better than none.
            return self.params_
        return named_views(self._network, state.parameters if state.best is None else state.best)

    def _learned(self) -> dict[str, Any] | None:
        if not hasattr(self, "_run") or not self._run.begun:
            return None
        return self._curves() | {"params_": _copies(self._kept())}

    def _as_fitted(self) -> dict[str, Any]:
        """Return the learned attributes for callbacks: copies, which training does not change."""
        return self._curves() | {"params_": _copies(self.params_)}

    def _epochs(self, samples: Samples, max_iter: int) -> Epochs:
        """Tell callbacks that the fit begins; return the object that tells them of its epochs."""
        given = samples.as_given
        weight = given["sample_weight"]
        metadata = None if weight is None else {"sample_weight": weight}
        return Epochs(
            self,
            max_iter,
            self._run.epochs,
            self._as_fitted,
            X=samples.X,
            y=given["y"],
            metadata=metadata,
        )

    def _print_epoch(self) -> None:
        run = self._run
        line = f"Epoch {self.n_iter_}: loss {run.losses[-1]:.6g}"
        if run.validated:
            line += f", validation score {run.scores[-1]:.6g}"
        print(line)


def curves_of(history: History, validated: bool) -> dict[str, Any]:
    """Return the attributes of an estimator with the course of training."""
    return {
        "_history": history,
        "n_iter_": len(history.losses),
        "loss_curve_": list(history.losses),
        "validation_scores_": list(history.scores) if validated else None,
    }


def _copies(views: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Return copies: each view of an arena would be pickled with the whole arena."""
    return {name: view.copy() for name, view in views.items()}
