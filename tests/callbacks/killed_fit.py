"""A program that fits with a checkpoint, and is killed: python killed_fit.py PATH VARIANT MOMENT.

At MOMENT it kills itself: "begin 3", "end 3" (of an epoch), "write 3" (the third file is written in
part), "rename 3" (written, and not yet in place), or "-": it does not.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from fits import VARIANTS, At, data, make
from skrnn.callbacks import Checkpoint


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in(owner: Any, name: str, call: int) -> None:
    """Replace a function by one that kills the process in one of its calls."""
    function, calls = getattr(owner, name), []

    def deadly(*args: Any) -> Any:
        calls.append(args)
        return die() if len(calls) == call else function(*args)

    setattr(owner, name, deadly)


def main(path: str, variant: str, moment: str) -> None:
    what, _, count = moment.partition(" ")
    callbacks: list[Any] = [Checkpoint(path, every=2)]
    if what in ("begin", "end"):
        callbacks.insert(0, At(int(count), die, what))
    elif what == "write":
        die_in(os, "fsync", 2 * int(count) - 1)  # after each file its folder is synced
    elif what == "rename":
        die_in(Path, "replace", int(count))
    settings = dict(VARIANTS[variant])
    if what == "-":
        settings.update(max_iter=100_000, n_iter_no_change=100_000)
    make(**settings).set_callbacks(*callbacks).fit(*data())


if __name__ == "__main__":
    main(*sys.argv[1:])
