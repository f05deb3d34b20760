"""PyTorch's side of language_model.py, written for speed: fused Adam, no DataLoader."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from peers.language_task import Task, Tokens

WHO = "torch"
VERSION = torch.__version__


class Network(nn.Module):
    """Tokens (T, B) to logits (T B, V)."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.embedding = nn.Embedding(task.tokens, task.embedding)
        self.lstm = nn.LSTM(task.embedding, task.hidden, task.layers, dropout=task.inner_dropout)
        self.dropout = nn.Dropout(task.dropout)
        self.head = nn.Linear(task.hidden, task.tokens)

    def forward(self, x: Any, state: Any) -> tuple[Any, Any]:
        y, state = self.lstm(self.embedding(x), state)
        return self.head(self.dropout(y).flatten(0, 1)), state


class Training:
    """Epochs over one text, cut into as many parts as a minibatch has; states are carried on."""

    def __init__(self, text: Tokens, task: Task) -> None:
        torch.manual_seed(0)
        self.task = task
        steps = (len(text) - 1) // task.batch
        rows = torch.from_numpy(text[: steps * task.batch + 1])
        self.x = rows[:-1].view(task.batch, steps).t().contiguous()
        self.y = rows[1:].view(task.batch, steps).t().contiguous()
        self.network = Network(task)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=task.rate, fused=True)
        self.cross_entropy = nn.CrossEntropyLoss()

    def epoch(self) -> float:
        """The mean loss of a token."""
        task, losses, state = self.task, [], None
        for x, y in zip(self.x.split(task.window), self.y.split(task.window), strict=True):
            logits, state = self.network(x, state)
            state = tuple(part.detach() for part in state)
            loss = self.cross_entropy(logits, y.flatten())
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), task.clip)
            self.optimizer.step()
            losses.append(loss.detach() * len(x))
        return float(sum(losses) / len(self.x))
