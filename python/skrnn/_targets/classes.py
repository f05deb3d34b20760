"""Classification: one of several classes per row, or several labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from skrnn._sequences.checks import as_targets
from skrnn._targets.codec import Codec, Settings
from skrnn._targets.decoding import Chain, Classes, Meaning, Multilabel
from skrnn._targets.multilabel import MultilabelCodec
from skrnn._targets.sample_weight import in_units_of_the_largest

LOSSES = ("auto", "binary_cross_entropy", "cross_entropy")


@dataclass(frozen=True, eq=False)
class ClassSettings(Settings):
    """Classes or labels, whichever y turns out to have."""

    loss: str  # of LOSSES
    class_weight: Any  # a dict, "balanced" or None
    known: NDArray[Any] | None = None  # all classes that may occur, sorted, if given
    each: str = "sequence"  # or "step": what has a class; a step has one, and not several labels
    chain: bool = False  # whether the labels of a sequence depend on one another

    def check(self, y: Any, name: str = "y") -> NDArray[Any]:
        """Return classes of shape (n,), or an indicator of labels of shape (n, K)."""
        values = as_targets(y.toarray() if hasattr(y, "toarray") else y, name, fix=self._fix)
        if self.each == "step" and values.ndim != 1:
            raise ValueError(
                f"{name} has {values.shape[-1]} columns; {self.estimator} has one label for each "
                'step. RNNStepRegressor(loss="binary_cross_entropy") has several'
            )
        if values.ndim not in (1, 2):
            raise ValueError(
                f"{name} has shape {values.shape}; expected (n,), or (n, K) for labels"
            )
        if values.dtype != object:
            y = values
        check_classification_targets(y)
        if type_of_target(y) != "multilabel-indicator":
            return np.asarray(column_or_1d(y, warn=True))
        wrong = values[(values != 0) & (values != 1)]
        if len(wrong):
            raise ValueError(
                f"{name} has {values.shape[1]} columns, and so several labels a sequence, but "
                f"it holds {wrong[0]}; expected 0 and 1"
            )
        if self.class_weight is not None:
            raise ValueError(f"class_weight is for one class a sequence; {name} has several labels")
        return values

    @property
    def _fix(self) -> str:
        """What to do about a missing class."""
        if self.each == "sequence" or self.chain:
            return "leave sequences without a target out"
        return "give such a step any label, and a sample_weight of 0"

    def learn(
        self,
        y: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,  # noqa: ARG002
    ) -> ClassCodec | MultilabelCodec:
        """Return a codec for the classes of y, or for `known`."""
        codec: ClassCodec | MultilabelCodec
        if y.ndim == 2:
            codec, has = MultilabelCodec(self, y.shape[1]), "several labels"
        else:
            codec, has = ClassCodec(self, self._classes_of(y)), "one class"
        if self.loss not in ("auto", codec.loss):
            raise ValueError(
                f"loss={self.loss!r} does not fit y, which has {has} a sequence; use 'auto' or "
                f"{codec.loss!r}"
            )
        return codec

    def _classes_of(self, y: NDArray[Any]) -> NDArray[Any]:
        if self.known is None:
            return np.unique(y)
        unknown = np.setdiff1d(y, self.known)
        if len(unknown):
            raise ValueError(
                f"y has the class {unknown.tolist()[0]!r}, which is not in classes: "
                f"{self.known.tolist()}"
            )
        return self.known

    def restore(
        self,
        meaning: Meaning,
        mean: NDArray[np.float64],  # noqa: ARG002
        scale: NDArray[np.float64],  # noqa: ARG002
    ) -> ClassCodec | MultilabelCodec:
        """Return the codec that an estimator was saved with."""
        if isinstance(meaning, Classes) and isinstance(meaning, Chain) == self.chain:
            return ClassCodec(self, meaning.classes)
        if isinstance(meaning, Multilabel):
            return MultilabelCodec(self, meaning.count)
        raise ValueError(f"its answers are not those of its {self.estimator}")


@dataclass(frozen=True, eq=False)
class ClassCodec(Codec):
    """Classes as indices into the sorted classes."""

    classes: NDArray[Any]  # (A,), sorted

    @property
    def loss(self) -> str:
        """The loss of a probability for each class."""
        return "cross_entropy"

    @property
    def columns(self) -> int:
        """One: the index of the class."""
        return 1

    @property
    def outputs(self) -> int:
        """One output for each class."""
        return len(self.classes)

    @property
    def meaning(self) -> Classes:
        """Probabilities of each class."""
        return Chain(self.classes) if self.settings.chain else Classes(self.classes)

    @property
    def attributes(self) -> dict[str, Any]:
        """The classes."""
        return {"classes_": self.classes}

    def encode(self, y: NDArray[Any], name: str = "y") -> NDArray[np.float32]:
        """Return the indices of classes, of shape (n, 1)."""
        if y.ndim == 2:
            raise ValueError(
                f"{name} has shape {y.shape}, but the estimator learned {len(self.classes)} classes"
            )
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"{name} has the class {unknown.tolist()[0]!r}, which is not among those that fit "
                f"saw first: {self.classes.tolist()}"
            )
        return np.searchsorted(self.classes, y).astype(np.float32)[:, None]

    def weights(
        self, y: NDArray[Any], sample_weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Return weights of samples times weights of their classes."""
        class_weight = self.settings.class_weight
        if class_weight is None:
            return sample_weight
        codes = np.searchsorted(self.classes, y)
        if sample_weight is not None:
            sample_weight = in_units_of_the_largest(sample_weight)
        if isinstance(class_weight, str):
            totals = np.bincount(codes, sample_weight, minlength=len(self.classes))
            # All classes in y get the same total weight; the sum of all weights is unchanged.
            shares = np.divide(
                totals.sum() / np.count_nonzero(totals),
                totals,
                out=np.zeros(len(totals)),
                where=totals > 0,
            )
        else:
            shares = in_units_of_the_largest(self._shares_of(dict(class_weight)))
        weights = np.asarray(shares[codes])
        return weights if sample_weight is None else weights * sample_weight

    def _shares_of(self, class_weight: dict[Any, float]) -> NDArray[np.float64]:
        """Return a weight for each class, (A,)."""
        known = self.classes.tolist()
        unknown = [label for label in class_weight if label not in known]
        if unknown and not all(label in class_weight for label in known):
            raise ValueError(
                f"class_weight={class_weight!r} names the class {unknown[0]!r}, which is not among "
                f"those in y: {known}"
            )
        return np.array([float(class_weight.get(label, 1.0)) for label in known])

    def strata(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the classes: each must occur in both parts of a split."""
        return y
