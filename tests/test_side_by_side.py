"""The steps of .ci/run: what waits for what, and that nothing fails unseen or is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "side_by_side.py"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs bash and sessions")


def begin(logs: Path, *steps: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, SCRIPT, logs],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write("\n".join(steps))
    process.stdin.close()
    process.stdin = None
    return process


def outcome(logs: Path, *steps: str) -> tuple[int, str]:
    process = begin(logs, *steps)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output + errors


def has_ended(pid_file: Path) -> bool:
    """Whether the process is gone, or is dead and its parent has not asked for its status."""
    command = ["ps", "-o", "stat=", "-p", pid_file.read_text().strip()]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] in ("", "Z")


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
def test_a_step_that_fails_is_named_and_ends_the_others(command: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    begun = f"until [ -s {pid} ]; do sleep 0.01; done"
    status, output = outcome(
        tmp_path / "logs",
        f"long | - | has children | sleep 60 & echo $! >{pid}; sleep 60",
        f"bad | - | fails | {begun}; echo of bad; {command}",
        "next | bad | never begins | true",
    )
    assert status == 1
    assert "of bad" in output
    assert "bad: FAILED with status 1" in output
    assert "long: ended before it was done" in output
    assert "next: begins" not in output
    assert "all steps passed" not in output
    assert has_ended(pid)


def test_what_a_step_leaves_behind_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    status, output = outcome(tmp_path / "logs", f"one | - | leaves | sleep 60 & echo $! >{pid}")
    assert status == 0, output
    assert has_ended(pid)


def test_a_signal_ends_all(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    process = begin(tmp_path / "logs", f"one | - | sleeps | sleep 60 & echo $! >{pid}; wait")
    while not (pid.is_file() and pid.read_text()):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert "ended by SIGTERM" in errors
    assert has_ended(pid)


def test_a_step_waits_for_one_above_it(tmp_path: Path) -> None:
    status, output = outcome(tmp_path / "logs", "one | two | too early | true", "two | - | | true")
    assert status == 1
    assert "step 'one' waits for 'two', which is not above it" in output
