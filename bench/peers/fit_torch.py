"""PyTorch's side of fit.py, written for speed.

All sequences are padded once, time first; a batch is cut to its longest sequence. The optimiser is
the fused Adam. There is no DataLoader, whose gathering of single samples costs more than the LSTM.
torch.compile does not compile nn.LSTM.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from peers.fit_task import Array, Labels, Predict, Task

WHO = "torch"
VERSION = torch.__version__
POOL = 4  # minibatches that are sorted by length together, as we do


class Classifier(nn.Module):
    """x is (T, B, C); lengths (B,) are descending if packed."""

    def __init__(self, channels: int, hidden: int, classes: int, packed: bool) -> None:
        super().__init__()
        self.packed = packed
        self.lstm = nn.LSTM(channels, hidden)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x: Any, lengths: Any) -> Any:
        if self.packed:
            _, (h_n, _) = self.lstm(pack_padded_sequence(x, lengths))
            return self.head(h_n[-1])
        y, _ = self.lstm(x)
        return self.head(y[lengths - 1, torch.arange(len(lengths))])


def padded(X: list[Array]) -> tuple[Any, Any]:
    """x (T, n, C) and lengths (n,)."""
    return pad_sequence([torch.from_numpy(x) for x in X]), torch.tensor([len(x) for x in X])


def batches(lengths: Any, size: int, bucketed: bool) -> Iterator[Any]:
    """Indices of an epoch's minibatches, by descending length within each."""
    order = torch.randperm(len(lengths))
    pools = order.split(POOL * size) if bucketed else order.split(size)
    found = [
        batch
        for pool in pools
        for batch in pool[lengths[pool].argsort(descending=True)].split(size)
    ]
    for i in torch.randperm(len(found)):
        yield found[i]


def _fit(packed: bool, bucketed: bool, X: list[Array], labels: Labels, task: Task) -> Predict:
    torch.set_num_threads(task.threads)
    torch.manual_seed(task.seed)
    x, lengths = padded(X)
    y = torch.from_numpy(labels)
    model = Classifier(x.shape[2], task.hidden, int(y.max()) + 1, packed)
    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate, fused=True)
    cross_entropy = nn.CrossEntropyLoss()
    for _ in range(task.epochs):
        for batch in batches(lengths, task.batch, bucketed):
            own = lengths[batch]
            loss = cross_entropy(model(x[: own[0], batch], own), y[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), task.clip)
            optimizer.step()
    return partial(_predict, model.eval(), task)


@torch.inference_mode()
def _predict(model: Classifier, task: Task, X: list[Array]) -> Any:
    """Predict all at once; packed if the model was trained so, else padded."""
    torch.set_num_threads(task.threads)
    x, lengths = padded(X)
    if not model.packed:
        return model(x, lengths).argmax(dim=1).numpy()
    order = lengths.argsort(descending=True)
    labels = torch.empty(len(X), dtype=torch.int64)
    labels[order] = model(x[:, order], lengths[order]).argmax(dim=1)
    return labels.numpy()


VARIANTS = {
    "packed": partial(_fit, True, False),
    "packed, like lengths": partial(_fit, True, True),
    "padded": partial(_fit, False, False),
    "padded, like lengths": partial(_fit, False, True),
}
