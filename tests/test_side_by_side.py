"""The steps of .ci/run: their order, and that no failure is hidden and no process left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "side_by_side.py"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs bash and sessions")


def begin(logs: Path, *steps: str, limit: float = 60) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, SCRIPT, logs, str(limit)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write("\n".join(steps))
    process.stdin.close()
    process.stdin = None
    return process


def outcome(logs: Path, *steps: str, limit: float = 60) -> tuple[int, str]:
    process = begin(logs, *steps, limit=limit)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output + errors


class Child:
    """A process that a step starts and does not wait for. While it runs, it has a pipe open."""

    def __init__(self, folder: Path) -> None:
        pipe = folder / "pipe"
        self.begun = folder / "begun"
        self.wait_for_it = f"until [ -e {self.begun} ]; do sleep 0.01; done"
        self.command = f"(touch {self.begun}; exec sleep 60) >{pipe} &"
        os.mkfifo(pipe)
        self.reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def has_ended(self) -> bool:
        assert self.begun.exists()
        try:
            return os.read(self.reader, 1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    child = Child(tmp_path)
    yield child
    os.close(child.reader)


def test_a_step_begins_when_the_one_before_it_has_passed(tmp_path: Path) -> None:
    made = tmp_path / "made"
    status, output = outcome(
        tmp_path / "logs",
        f"one | - | makes a file | sleep 0.3; touch {made}; echo of one",
        f"two | one | finds it | ls {made}",
        "three | - | has nothing to do with it | echo of three",
    )
    assert status == 0, output
    assert output.index("of three") < output.index("of one") < output.index("two: begins")
    assert "all steps passed" in output


@pytest.mark.parametrize("command", ["false", "false; true", "false | cat", "cat missing && true"])
def test_a_step_that_fails_is_named_and_ends_the_others(
    command: str, child: Child, tmp_path: Path
) -> None:
    status, output = outcome(
        tmp_path / "logs",
        f"long | - | has a child | echo of long; {child.command} sleep 60",
        f"bad | - | fails | {child.wait_for_it}; echo of bad; {command}",
        "next | bad | never begins | true",
    )
    assert status == 1
    assert "of bad" in output
    assert "bad: FAILED with status 1" in output
    assert output.index("of long") < output.index("long: ended before it was done")
    assert "next: begins" not in output
    assert "all steps passed" not in output
    assert child.has_ended()


def test_a_step_that_takes_too_long_is_ended_and_shows_where_it_was(tmp_path: Path) -> None:
    steps = ["one | - | ends in time | echo of one", "two | one | hangs | echo of two; sleep 60"]
    status, output = outcome(tmp_path / "logs", *steps, limit=1)
    assert status == 1
    assert "one: passed" in output
    assert output.index("of two\n") < output.index("two: TOO LONG after 1 s")


def test_child_processes_of_a_step_are_ended(child: Child, tmp_path: Path) -> None:
    command = f"{child.command} {child.wait_for_it}"
    status, output = outcome(tmp_path / "logs", f"one | - | leaves a child | {command}")
    assert status == 0, output
    assert child.has_ended()


def test_a_signal_ends_all(child: Child, tmp_path: Path) -> None:
    process = begin(tmp_path / "logs", f"one | - | sleeps | echo of one; {child.command} wait")
    while not child.begun.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert "of one\n" in output
    assert "ended by SIGTERM" in errors
    assert child.has_ended()


def test_a_step_waits_for_one_above_it(tmp_path: Path) -> None:
    status, output = outcome(tmp_path / "logs", "one | two | too early | true", "two | - | | true")
    assert status == 1
    assert "step 'one' waits for 'two', which is not above it" in output
