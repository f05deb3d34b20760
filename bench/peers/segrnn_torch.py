"""PyTorch's side of forecaster.py, written for speed: fused Adam, strided windows, no DataLoader.

SegRNN (Lin et al., arXiv:2308.11200) as its authors run it: the vectors of the steps to come, of
their place and of the series, go through the same GRU from copies of the last state.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from peers.forecast_task import Series, Task

WHO = "torch"
VERSION = torch.__version__


class Network(nn.Module):
    """Windows (B, L) of series (B,) to what follows, (B, M * w)."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        d, w = task.hidden, task.segment
        self.segment = w
        self.embedding = nn.Sequential(nn.Linear(w, d), nn.ReLU())
        self.gru = nn.GRU(d, d, batch_first=True)
        self.places = nn.Parameter(torch.randn(task.steps, d // 2))
        self.series = nn.Parameter(torch.randn(task.series, d // 2))
        self.head = nn.Sequential(nn.Dropout(task.dropout), nn.Linear(d, w))

    def forward(self, x: Any, series: Any) -> Any:
        last = x[:, -1:]
        segments = self.embedding((x - last).unflatten(1, (-1, self.segment)))
        _, state = self.gru(segments)
        B, M = len(x), len(self.places)
        of_place = self.places.unsqueeze(0).expand(B, M, -1)
        of_series = self.series[series].unsqueeze(1).expand(B, M, -1)
        steps = torch.cat([of_place, of_series], dim=-1).flatten(0, 1).unsqueeze(1)
        _, ahead = self.gru(steps, state.repeat_interleave(M, dim=1))
        return self.head(ahead[0]).view(B, -1) + last


class Training:
    """Epochs over all windows of the series, shuffled."""

    def __init__(self, series: Series, task: Task) -> None:
        torch.manual_seed(0)
        self.task = task
        span = task.lookback + task.steps * task.segment
        numbers = torch.from_numpy(series).float()
        self.windows = numbers.unfold(1, span, 1)  # (n, windows, span), views
        self.network = Network(task)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=task.rate, fused=True)
        self.absolute_error = nn.L1Loss()

    def epoch(self) -> float:
        """The mean loss of a number."""
        task, losses = self.task, []
        count = self.windows.shape[1]
        for drawn in torch.randperm(task.series * count).split(task.batch):
            series = drawn // count
            both = self.windows[series, drawn % count]
            x, y = both[:, : task.lookback], both[:, task.lookback :]
            loss = self.absolute_error(self.network(x, series), y)
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), task.clip)
            self.optimizer.step()
            losses.append(loss.detach() * len(drawn))
        return float(sum(losses) / (task.series * count))
