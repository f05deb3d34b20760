"""A lower bound for the time of a computation on a machine, for any implementation.

Its multiply-adds cannot be faster than the FMA peak, and its weights cannot be read faster than the
bandwidth of their cache: limit = max(flops / peak, bytes / bandwidth). Both are measured between
the contenders of the same rounds. Only operations that every float32 implementation needs are
counted: the matrix products, and one reading of the weights for each step that depends on the one
before. Activations, x, y and states are not, so a fraction of 1 is hardly reachable.
"""

from __future__ import annotations

from dataclasses import dataclass

from _machine import Probe, fma_peak, read_bandwidth
from _problems import GATES, Problem

BYTES = 4  # a float32


@dataclass(frozen=True)
class Work:
    """A computation on ``threads`` threads: its flops, and the bytes of weights that it reads.

    ``resident`` are the bytes that are read repeatedly; their number determines their cache.
    """

    flops: float
    read: float
    resident: int
    threads: int

    def probes(self) -> dict[str, Probe]:
        """Probes of the machine's GFLOP/s and GB/s for this work."""
        return {
            "peak": fma_peak(self.threads),
            "bandwidth": read_bandwidth(self.threads, self.resident),
        }

    def limit(self, peak: float, bandwidth: float) -> float:
        """Seconds, from GFLOP/s and GB/s."""
        return max(self.flops / peak, self.read / bandwidth) * 1e-9


def classification(problem: Problem, threads: int) -> Work:
    """A forward pass over a batch and all gradients, with the head of ``problem``."""
    head = problem.head["weight"].size
    weights = _weights(problem, problem.I, problem.H) + BYTES * head
    flops = 3 * (problem.forward_flops + 2.0 * problem.B * head)
    return Work(flops, 3.0 * weights, weights, threads)


def crf(problem: Problem, threads: int) -> Work:
    """Forward, backward and pairs: a product with the transitions at every step of each."""
    K, steps = problem.H, problem.T - 1
    read = 3.0 * steps * BYTES * K * K
    return Work(3 * 2.0 * steps * problem.B * K * K, read, BYTES * K * K, threads)


def bound_by_products(problem: Problem) -> bool:
    """Whether multiply-adds should bound the time of a pass, for every implementation."""
    return problem.B >= 32 and problem.H >= 128


def _weights(problem: Problem, *sizes: int) -> int:
    """Bytes of all gates' weights for inputs of these sizes."""
    return BYTES * GATES[problem.cell] * problem.H * sum(sizes)


def step(problem: Problem) -> Work:
    """One step of one sequence. Ours uses one thread, for any number of threads."""
    H, classes = problem.H, len(problem.head.get("bias", ()))
    weights = _weights(problem, problem.I, H) + BYTES * classes * H
    return Work(2.0 * weights / BYTES, weights, weights, threads=1)


def forward(problem: Problem, threads: int) -> Work:
    """All steps: the recurrent weights are read at every one, those of x once."""
    T = problem.T if problem.lengths is None else int(problem.lengths.max())
    recurrent = _weights(problem, problem.H)
    read = T * recurrent + _weights(problem, problem.I)
    return Work(problem.forward_flops, read, recurrent, threads)


def training(problem: Problem, threads: int) -> Work:
    """Forward, then backward: twice the products, and the recurrent weights at every step again."""
    work = forward(problem, threads)
    return Work(3 * work.flops, 2 * work.read, work.resident, threads)
