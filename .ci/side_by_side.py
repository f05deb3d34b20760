"""A runner of steps in parallel, as many at a time as there are cores, that shows their output.

Usage: side_by_side.py <folder for logs> <most seconds of a step> < steps

A line of the list is a step: its name, the step that has to pass before it or a dash, a description
and a command, separated by " | ". Steps that are ready begin in the order of the list. Output is
shown when its step ends. The first step that fails or takes too long ends all others; so do Ctrl-C
and the signals that end a process. Nothing is left running.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

POLL_SECONDS = 0.1
GRACE_SECONDS = 5


@dataclass
class Step:
    """A line of the list."""

    name: str
    after: str
    title: str
    command: str


class Running:
    """A step that has begun."""

    def __init__(self, step: Step, log: Path) -> None:
        self.step = step
        self.log = log
        self.began = time.monotonic()
        print(f"==> {step.name}: begins", flush=True)
        with log.open("wb") as output:
            # In a session of its own, so that all of its processes can be ended together.
            self.process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", step.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self) -> None:
        """End the processes of this step, and wait for the first of them."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_SECONDS)

    def seconds(self) -> float:
        """Return how long it has been running."""
        return time.monotonic() - self.began

    def show(self, verdict: str) -> None:
        """Print the output of the step and its outcome."""
        print(f"\n==> {self.step.name}: {self.step.title}", flush=True)
        sys.stdout.buffer.write(self.log.read_bytes())
        print(f"==> {self.step.name}: {verdict} after {self.seconds():.0f} s")
        sys.stdout.flush()


def read_steps(text: str) -> list[Step]:
    """Read a list; raise ValueError if a step waits for one that is not above it."""
    steps: list[Step] = []
    for line in filter(str.strip, text.splitlines()):
        name, after, title, command = (part.strip() for part in line.split(" | ", 3))
        if after not in {"-", *(step.name for step in steps)}:
            raise ValueError(f"step {name!r} waits for {after!r}, which is not above it")
        steps.append(Step(name, after, title, command))
    return steps


def cpu_seconds() -> float:
    """Return the CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(steps: list[Step], slots: int, logs: Path, limit: float) -> bool:
    """Run the steps, `slots` at a time, each within `limit` seconds; return whether all passed."""
    waiting = list(steps)
    running: list[Running] = []
    passed = {"-"}
    cpu = cpu_seconds()
    try:
        while waiting or running:
            ready = [step for step in waiting if step.after in passed]
            for step in ready[: slots - len(running)]:
                waiting.remove(step)
                running.append(Running(step, logs / f"{step.name}.log"))
            time.sleep(POLL_SECONDS)
            for one in running[:]:
                status = one.process.poll()
                if status is None and one.seconds() < limit:
                    continue
                running.remove(one)
                one.end()  # also child processes that it did not wait for
                used, cpu = cpu_seconds() - cpu, cpu_seconds()
                if status != 0:
                    end_all(running)
                    one.show("TOO LONG" if status is None else f"FAILED with status {status}")
                    return False
                one.show(f"passed with {used:.0f} s of CPU time")
                passed.add(one.step.name)
    finally:
        end_all(running)
    return True


def end_all(running: list[Running]) -> None:
    """End the running steps and remove them from the list."""
    while running:
        one = running.pop()
        one.end()
        one.show("ended before it was done")


def interrupted(number: int, _: FrameType | None) -> NoReturn:
    """Leave as by an exception, so that all steps are ended."""
    sys.exit(f"==> ended by {signal.Signals(number).name}")


def main() -> int:
    """Run the list on standard input; return the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    began = time.monotonic()
    logs = Path(sys.argv[1])
    logs.mkdir(parents=True, exist_ok=True)
    if not run(read_steps(sys.stdin.read()), max(2, os.cpu_count() or 1), logs, float(sys.argv[2])):
        return 1
    print(f"\n==> all steps passed in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
