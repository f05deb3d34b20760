"""A model that writes: it learns the characters of a text, and goes on in its style.

Give it a text of your own, the longer the better:

    python examples/text.py my_novel.txt

Without one it reads the documentation in Python's standard library, some 500,000 characters. It
prints how well characters of unseen text are predicted, beside counts of the characters that follow
four others, and then writes.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path

import numpy as np

from skrnn import RNNLanguageModel

MODULES = [
    "argparse",
    "asyncio.tasks",
    "calendar",
    "collections",
    "configparser",
    "csv",
    "datetime",
    "decimal",
    "difflib",
    "doctest",
    "email.message",
    "fractions",
    "functools",
    "heapq",
    "inspect",
    "ipaddress",
    "json",
    "logging",
    "mailbox",
    "optparse",
    "pathlib",
    "pickle",
    "random",
    "re",
    "shutil",
    "statistics",
    "string",
    "subprocess",
    "tarfile",
    "tempfile",
    "textwrap",
    "threading",
    "traceback",
    "typing",
    "unittest.case",
    "unittest.mock",
    "urllib.request",
    "uuid",
    "zipfile",
]
ORDER = 4


def docstrings() -> str:
    """The documentation of some modules of the standard library, each text once."""
    found: dict[str, None] = {}
    for name in MODULES:
        module = import_module(name)
        holders = [module, *(v for v in vars(module).values() if inspect.isclass(v))]
        for holder in holders:
            for thing in [holder, *vars(holder).values()]:
                text = inspect.getdoc(thing) if callable(thing) or thing is module else None
                found.update({text: None} if text and len(text) > 60 else {})
    return "\n\n".join(found)


def ngram_perplexity(train: str, test: str) -> float:
    """Of counts of the character after up to ORDER others, each backed by those after one less.

    Interpolated as Witten & Bell (1991) do: the more different characters follow, the less the
    counts are believed.
    """
    after = [defaultdict(Counter) for _ in range(ORDER + 1)]
    for i in range(len(train)):
        for order in range(min(ORDER, i) + 1):
            after[order][train[i - order : i]][train[i]] += 1
    symbols = len(set(train)) + 1
    text, total = train[-ORDER:] + test, 0.0
    for i in range(ORDER, len(text)):
        p = 1 / symbols
        for order in range(ORDER + 1):
            counts = after[order].get(text[i - order : i])
            if counts:
                p = (counts[text[i]] + len(counts) * p) / (counts.total() + len(counts))
        total += np.log(p)
    return float(np.exp(-total / len(test)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", type=Path, help="a text, UTF-8")
    parser.add_argument("--epochs", type=int, default=4, help="more take longer, and write better")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    text = options.path.read_text(encoding="utf-8") if options.path else docstrings()
    text = text[: 10**7]
    end = int(0.95 * len(text))
    train, test = text[:end], text[end : end + 20_000]
    print(f"{len(train):,} characters to learn from, {len(set(train))} different ones")

    model = RNNLanguageModel(max_iter=options.epochs, random_state=options.seed, verbose=True)
    model.fit(train)
    print("\nPerplexity of unseen text: the number of characters among which it still wavers")
    print(f"  the network       {model.perplexity(test):6.2f}")
    print(f"  counts after {ORDER}    {ngram_perplexity(train, test):6.2f}")
    print("\nIt goes on after the last words of what it has learned from:\n")
    prefix = train[-60:]
    print(prefix, end="")
    for piece in model.generate_iter(train[-500:], 600, temperature=0.7, random_state=options.seed):
        print(piece, end="")
        sys.stdout.flush()
    print()


if __name__ == "__main__":
    main()
