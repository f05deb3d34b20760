"""The base of estimators of classes: their predictions, and fits of one epoch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import unique_labels

from skrnn._estimators.fitting import TrainableEstimator
from skrnn._estimators.samples import FitData
from skrnn._parameters import check_parameters
from skrnn._sequences.checks import as_targets
from skrnn._targets.classes import ClassCodec, ClassSettings
from skrnn._targets.decoding import Classes, Multilabel

Self = TypeVar("Self", bound="ClassEstimator")


class ClassEstimator(TrainableEstimator):
    """An estimator of the class of each sequence, or of each step."""

    def _target_settings(self) -> ClassSettings:
        each = "step" if self._target_rows.every_step else "sequence"
        loss = getattr(self, "loss", "auto")
        return ClassSettings(type(self).__name__, loss, self.class_weight, each=each)

    def partial_fit(
        self: Self, X: Any, y: Any, classes: Any = None, *, sample_weight: Any = None
    ) -> Self:
        """Train one more epoch, on these sequences alone, at the rate `learning_rate_init`.

        Nothing is held out, whatever `early_stopping` is, and `learning_rate` has no effect: a
        schedule depends on when training ends, which is not known here.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit. The first call learns the vocabulary of strings; new strings in later calls
            are the unknown token.
        y : array-like of shape (n,) or (n, K), or n arrays of shape (T_i,)
            Classes, as in fit.
        classes : array-like of shape (n_classes,), optional
            All classes that may occur in any call. Required by the first call unless y has them
            all.
        sample_weight : array-like of shape (n,), or n arrays of shape (T_i,), optional
            How much each sequence, or step, counts among those of this call, as its `class_weight`
            does.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in fit, for a class that is not in `classes`, and for ``class_weight="balanced"``.
        """
        check_parameters(self, self._rules)
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} counts the classes of all data, which "
                "partial_fit does not see; pass a dict, or sample_weight"
            )
        settings = self._target_settings()
        if classes is not None:
            classes = as_targets(classes, "classes")
            if classes.ndim != 1:
                raise ValueError(
                    f"classes has shape {classes.shape}; expected (n_classes,), a list of labels"
                )
        if classes is not None and not hasattr(self, "params_"):
            settings = replace(settings, known=unique_labels(classes))
        elif classes is not None and isinstance(self._codec, ClassCodec):
            known = self._codec.classes
            if not np.array_equal(unique_labels(classes), known):
                raise ValueError(
                    f"classes={classes.tolist()} are not the same as those of the first call: "
                    f"{known.tolist()}"
                )
        return self._fit_one_epoch(FitData(X, y, sample_weight), settings)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class, or the labels, of each sequence or step.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        y : array of shape (n,), or (n, K) of 0 and 1 for labels
            The most probable class, of equal ones the first; for labels 1 where the probability is
            at least 0.5. Of estimators that answer at every step an object array of n arrays of
            shape (T_i,).
        """
        return self._predicted(X, self._meaning().predict)[0]

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        probabilities : array of shape (n, n_classes), float64
            In the order of `classes_`. Rows sum to one, except for several labels. Of estimators
            that answer at every step an object array of n arrays of shape (T_i, n_classes).
        """
        return self._predicted(X, np.asarray)[0]

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithm of `predict_proba`, finite also where that is zero.

        Parameters
        ----------
        X : sequences of shape (n,)
            As in fit.

        Returns
        -------
        log_probabilities : array of shape (n, n_classes), float64
            Or n arrays, as `predict_proba` returns them.
        """
        meaning = self._meaning()
        assert isinstance(meaning, (Classes, Multilabel))
        return self._decoded_outputs(X, meaning.log_probabilities)
