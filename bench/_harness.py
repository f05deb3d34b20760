"""The harness of the benchmarks: options, contenders, agreement of their results, tables, JSON."""

from __future__ import annotations

import argparse
import importlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from _environment import cores, environment
from _limit import Work
from _machine import UnknownLimitError
from _problems import Problem
from _report import RESULTS, busy, write
from _timing import Effort, Measurement, measure
from peers.contender import Contender

US = "skrnn"
PEERS = ("torch", "onnxruntime", "openvino")
TOLERANCE = 1e-4


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean of positive values; NaN without values."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def duration(seconds: float | None) -> str:
    """A duration with three digits and a unit."""
    if seconds is None:
        return "-"
    unit, scale = ("ms", 1e3) if seconds >= 1e-3 else ("µs", 1e6)
    value = seconds * scale
    return f"{value:.{max(0, 2 - int(math.log10(max(value, 1))))}f} {unit}"


def ratio(value: float | None) -> str:
    """A ratio with three digits."""
    if value is None:
        return "-"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rate_cell(gflops: float | None) -> str:
    """GFLOP/s in a table."""
    return "-" if gflops is None else f"{gflops:.1f}"


@dataclass(frozen=True)
class Target:
    """The smallest value to reach: the fastest peer's time over ours, or a fraction of the limit.

    If a peer itself may be near the limit, the ratio to it cannot be large.
    """

    least: float
    of_limit: bool = False

    def __str__(self) -> str:
        return f"≥ {self.least:g}{' of limit' if self.of_limit else ''}"


@dataclass(frozen=True)
class Case:
    """The result of one case; None for a value that could not be measured."""

    us: float | None  # seconds
    rate: float | None  # ours, GFLOP/s
    best: float | None  # the fastest peer over us
    of_limit: float | None  # the least possible time over ours
    target: Target | None
    measurement: Measurement

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        value = self.of_limit if self.target.of_limit else self.best
        return None if value is None else value >= self.target.least

    @property
    def cells(self) -> list[str]:
        """Best peer over us, fraction of the limit, the target, whether it is reached."""
        word = {None: "-", True: "yes", False: "no"}[self.reached]
        target = "-" if self.target is None else str(self.target)
        return [ratio(self.best), ratio(self.of_limit), target, word]


CASE_COLUMNS = ("best ÷ us", "of limit", "target", "reached")  # of Case.cells


class Bench:
    """One benchmark: ``case`` measures, ``row`` prints, ``finish`` writes the JSON file."""

    def __init__(self, question: str, description: str | None, seconds: float = 2.0) -> None:
        self.question = question
        options = self._options(description, seconds)
        self.threads: list[int] = [n for n in options.threads if n <= cores()]
        self._only: str = options.only
        self._json: Path = options.json
        self._quick: bool = options.quick
        self._effort = (
            Effort(min(options.seconds, 0.3), block=0.002, least_rounds=3)
            if options.quick
            else Effort(options.seconds, block=0.005, least_rounds=7)
        )
        self._notes: list[str] = []
        self._cases: list[dict[str, Any]] = []
        self._summaries: list[dict[str, Any]] = []
        self._widths: list[int] = []
        for threads in sorted(set(options.threads) - set(self.threads)):
            self.note(f"{threads} threads left out: this process may use {cores()} cores")
        if warning := busy():
            self.note(warning)
        self._modules = self._load(options.peers)

    def _options(self, description: str | None, seconds: float) -> argparse.Namespace:
        parser = argparse.ArgumentParser(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
        parser.add_argument("--seconds", type=float, default=seconds, help="time per case")
        parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
        parser.add_argument("--only", default="", help="cases whose name contains this")
        parser.add_argument("--json", type=Path, default=RESULTS / f"{self.question}.json")
        parser.add_argument("--quick", action="store_true", help="rough figures: 0.3 s per case")
        return parser.parse_args()

    def _load(self, peers: Sequence[str]) -> dict[str, ModuleType]:
        files = {US: "peers.ours", **{peer: f"peers.with_{peer}" for peer in peers}}
        loaded = {who: self._import(who, file) for who, file in files.items()}
        return {who: module for who, module in loaded.items() if module is not None}

    def _import(self, who: str, file: str) -> ModuleType | None:
        try:
            return importlib.import_module(file)
        except ImportError as error:
            self.note(f"{who} left out: {error}")
            return None

    @property
    def peers(self) -> list[str]:
        """The peers in this run."""
        return [who for who in self._modules if who != US]

    def note(self, text: str) -> None:
        """Print a note and keep it for the JSON file, once."""
        if text not in self._notes:
            self._notes.append(text)
            print(text, flush=True)

    def wanted(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems selected by --only."""
        return [problem for problem in problems if self._only.lower() in problem.label.lower()]

    def contenders(self, kind: str, problem: Problem, threads: int) -> list[Contender]:
        """All contenders for this kind of work. A peer that fails is named and left out."""
        found: list[Contender] = []
        for who, module in self._modules.items():
            make = getattr(module, kind, None)
            if make is None:
                continue
            try:
                found += make(problem, threads)
            except Exception as error:
                if who == US:
                    raise
                self.note(f"{who} left out of {problem.label}: {error}")
        return found

    def agree(self, contenders: Sequence[Contender], tolerance: float = TOLERANCE) -> None:
        """Stop unless the results of all contenders agree."""
        reference: dict[str, tuple[str, Any]] = {}
        for contender in contenders:
            contender.prepare()
            name = f"{contender.who} ({contender.variant})"
            for key, value in contender.result().items():
                other, expected = reference.setdefault(key, (name, value.copy()))
                scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
                if value.shape != expected.shape:
                    raise SystemExit(
                        f"{key}: {value.shape} from {name}, {expected.shape} from {other}"
                    )
                error = float(np.abs(value - expected).max(initial=0.0)) / scale
                if not error <= tolerance:
                    raise SystemExit(f"{key}: {name} and {other} differ by {error:.1e}")

    def measure(self, contenders: Sequence[Contender], work: Work | None = None) -> Measurement:
        """Interleaved medians; with ``work`` also the machine's limits for it."""
        try:
            probes = {} if work is None else work.probes()
        except UnknownLimitError as error:
            self.note(str(error))
            probes = {}
        return measure(contenders, self._effort, probes)

    def table(self, title: str, columns: Sequence[str]) -> None:
        """Begin a Markdown table; the first column is the name of the case."""
        self._widths = [40, *(max(len(column), 9) for column in columns[1:])]
        print(f"\n{title}\n")
        self.row(columns)
        self.row(["-" * width for width in self._widths])

    def row(self, cells: Sequence[str]) -> None:
        """Print one line of the table."""
        padded = (cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True))
        print(f"| {' | '.join(padded)} |", flush=True)

    def record(
        self, problem: Problem, threads: int, measurement: Measurement, **figures: Any
    ) -> None:
        """Keep a case for the JSON file."""
        sizes = {name: getattr(problem, name) for name in ("cell", "T", "B", "I", "H", "note")}
        self._cases.append({**sizes, "threads": threads, **figures, **asdict(measurement)})

    def compare(
        self,
        kind: str,
        problem: Problem,
        threads: int,
        target: Target | None,
        work: Work,
        tolerance: float = TOLERANCE,
    ) -> Case:
        """Measure one case, compare it with the target and keep it for the JSON file."""
        contenders = self.contenders(kind, problem, threads)
        self.agree(contenders, tolerance)
        measurement = self.measure(contenders, work)
        return self.judge(kind, problem, threads, target, work, measurement)

    def judge(
        self,
        kind: str,
        problem: Problem,
        threads: int,
        target: Target | None,
        work: Work,
        measurement: Measurement,
        **figures: Any,
    ) -> Case:
        """Our result in a measurement; kept for the JSON file with further ``figures``."""
        us, ratios = measurement.best(US), self.ratios(measurement)
        limit = work.limit(**measurement.probed) if measurement.probed else None
        case = Case(
            us,
            rate=work.flops / us * 1e-9 if us else None,
            best=min(ratios.values(), default=None),
            of_limit=limit / us if limit and us else None,
            target=target,
            measurement=measurement,
        )
        self.record(
            problem,
            threads,
            measurement,
            kind=kind,
            ratios=ratios,
            best_peer_over_us=case.best,
            limit=limit,
            of_limit=case.of_limit,
            target=None if target is None else asdict(target),
            reached=case.reached,
            **figures,
        )
        return case

    def ratios(self, measurement: Measurement) -> dict[str, float]:
        """Each peer's best median over ours: ours is faster if above 1."""
        us = measurement.best(US)
        medians = {peer: measurement.best(peer) for peer in self.peers}
        return {p: m / us for p, m in medians.items() if us is not None and m is not None}

    def peer_cells(self, measurement: Measurement) -> list[str]:
        """For every peer its time and its ratio to ours."""
        ratios = self.ratios(measurement)
        return [
            f"{duration(measurement.best(peer))} · {ratio(ratios.get(peer))}" for peer in self.peers
        ]

    def summary(self, name: str, values: Sequence[float], target: float | None = None) -> None:
        """Print and keep a geometric mean and the smallest value, if there are any values."""
        if not values:
            return
        mean = geometric_mean(values)
        wanted = "" if target is None else f"; target ≥ {target:g}: {verdict(mean, target)}"
        print(f"{name}: geometric mean {mean:.2f}, least {min(values):.2f}{wanted}", flush=True)
        self._summaries.append(
            {"name": name, "geometric_mean": mean, "least": min(values), "target": target}
        )

    def finish(self) -> None:
        """Write the JSON file."""
        versions = {who: str(module.VERSION) for who, module in self._modules.items()}
        ours = self._modules.get(US)
        report = {
            "question": self.question,
            "quick": self._quick,
            "threads": self.threads,
            **environment(versions, ours.isa() if ours else None),
            "notes": self._notes,
            "summaries": self._summaries,
            "cases": self._cases,
        }
        write(self._json, report)
        print(f"\nwritten: {self._json}")


def verdict(value: float | None, target: float | None) -> str:
    """Whether a target is reached."""
    if value is None or target is None:
        return "-"
    return "yes" if value >= target else "no"


def target_cells(best: float | None, target: float | None) -> list[str]:
    """Best peer over us, the target, whether it is reached."""
    wanted = "-" if target is None else f"≥ {target:g}"
    return [ratio(best), wanted, verdict(best, target)]
