"""Time of an epoch of a forecaster, from Python: `RNNForecaster.fit` with one, and PyTorch.

Both are SegRNN (Lin et al., arXiv:2308.11200) on all windows of some series: Adam, the absolute
error, gradients clipped to a norm of 1. Ours reads the series, plans and initialises in the time
that is shown; PyTorch has its tensors and its network ready. Numbers are random walks.

GFLOP/s counts the products that the task needs, where those of the steps to come are shared: with
the state once a window, with their vectors once an update. PyTorch computes more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from _harness import US, Bench, Target, duration, rate_cell, target_cells
from _problems import Problem
from peers.contender import Contender, repeated
from peers.forecast_task import Series, Task

TASKS = [Task(d, L, H) for d in (128, 512) for L, H in ((96, 96), (96, 720), (720, 96), (720, 720))]
TARGET = Target(2.0)


def series_of(task: Task) -> Series:
    """Random walks."""
    steps = np.random.default_rng(0).normal(size=(task.series, task.length))
    return np.asarray(0.1 * steps.cumsum(axis=1))


def ours(series: Series, task: Task, threads: int) -> Callable[[], float]:
    """A function that trains for one epoch."""
    from skrnn import RNNForecaster

    model = RNNForecaster(
        "gru",
        task.hidden,
        horizon=task.horizon,
        lookback=task.lookback,
        segment_length=task.segment,
        seasonality=None,
        scaling="last",
        calibration=None,
        dropout=task.dropout,
        learning_rate_init=task.rate,
        learning_rate="constant",
        clip_norm=task.clip,
        batch_size=task.batch,
        max_iter=1,
        n_iter_no_change=10,
        random_state=0,
        n_jobs=threads,
    )

    def epoch() -> float:
        return float(model.fit(series).loss_curve_[-1])

    return epoch


def torchs(series: Series, task: Task, threads: int) -> Callable[[], float]:
    """A function that trains for one epoch."""
    import torch

    from peers.segrnn_torch import Training

    torch.set_num_threads(threads)
    return Training(series, task).epoch


def contender(who: str, epoch: Callable[[], float], threads: int) -> Contender:
    """One that only trains."""
    if who == US:
        return Contender(who, "fit", repeated(epoch), dict)
    import torch

    return Contender(who, "nn.GRU", repeated(epoch), dict, partial(torch.set_num_threads, threads))


def main() -> None:
    bench = Bench("forecaster", __doc__)
    makers = {US: ours} | ({"torch": torchs} if "torch" in bench.peers else {})
    for threads in bench.threads:
        bench.table(
            f"An epoch, {threads} thread(s): time · torch ÷ us",
            ["case", "us", "GFLOP/s", "torch", "torch ÷ us", "target", "reached"],
        )
        for task in TASKS:
            problem = Problem(
                "gru",
                task.lookback // task.segment,
                task.batch,
                task.segment,
                task.hidden,
                note=task.name,
            )
            if not bench.wanted([problem]):
                continue
            series = series_of(task)
            epochs = {who: make(series, task, threads) for who, make in makers.items()}
            measurement = bench.measure(
                [contender(who, epoch, threads) for who, epoch in epochs.items()]
            )
            best = bench.ratios(measurement).get("torch")
            bench.record(problem, threads, measurement, kind="epoch", best_peer_over_us=best)
            us = measurement.best(US)
            windows = task.series * task.windows
            bench.row(
                [
                    task.name,
                    duration(us),
                    rate_cell(task.products * windows / us / 1e9 if us else None),
                    duration(measurement.best("torch")),
                    *target_cells(best, TARGET.least),
                ]
            )
    bench.finish()


if __name__ == "__main__":
    main()
