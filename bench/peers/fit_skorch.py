"""skorch's side of fit.py: PyTorch's model with scikit-learn's interface."""

from __future__ import annotations

from functools import partial
from typing import Any

import skorch
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping

from peers.fit_task import Array, Labels, Predict, Task
from peers.fit_torch import Classifier, padded

WHO = "skorch"
VERSION = skorch.__version__


class BatchFirst(Classifier):
    """The classifier for skorch's batches of shape (B, T, C), with lengths in any order."""

    def forward(self, x: Any, lengths: Any) -> Any:
        lengths, order = lengths.sort(descending=True)
        logits = super().forward(x[order, : lengths[0]].transpose(0, 1), lengths)
        return logits[order.argsort()]


def _input(X: list[Array]) -> dict[str, Any]:
    x, lengths = padded(X)
    return {"x": x.transpose(0, 1).contiguous(), "lengths": lengths}


def _fit(packed: bool, X: list[Array], y: Labels, task: Task) -> Predict:
    torch.set_num_threads(task.threads)
    torch.manual_seed(task.seed)
    model = NeuralNetClassifier(
        BatchFirst,
        module__channels=X[0].shape[1],
        module__hidden=task.hidden,
        module__classes=int(y.max()) + 1,
        module__packed=packed,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__lr=task.rate,
        optimizer__fused=True,
        max_epochs=task.epochs,
        batch_size=task.batch,
        iterator_train__shuffle=True,
        iterator_valid__batch_size=1024,
        train_split=None,
        callbacks=[GradientNormClipping(task.clip)],
        verbose=0,
    )
    model.fit(_input(X), y)
    return partial(_predict, model, task)


def _predict(model: Any, task: Task, X: list[Array]) -> Any:
    torch.set_num_threads(task.threads)
    return model.predict(_input(X))


VARIANTS = {"packed": partial(_fit, True), "padded": partial(_fit, False)}
