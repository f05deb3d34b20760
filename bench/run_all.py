"""Run the benchmarks one after the other, and write one Markdown section for this machine.

python bench/run_all.py
python bench/run_all.py --only step,stream --quick

The section goes to bench/results/RESULTS-of-this-machine.md, to be put into bench/RESULTS.md. It
has the output of each script, tables without padding, below the first line of the script's
docstring; the JSON files are also written. `--cpp FOLDER` also runs the C++ programs of a build.
The scripts of quality/ use test data and are run separately.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from _environment import environment
from _report import RESULTS

HERE = Path(__file__).parent
SECTION = RESULTS / "RESULTS-of-this-machine.md"
PEERS = ("torch", "onnxruntime", "openvino", "skorch")

# In the order of the section, with further options of a script for --quick.
SCRIPTS = {
    "peak": [],
    "step": [],
    "stream": [],
    "language_model": [],
    "forecaster": [],
    "detector": [],
    "generation": [],
    "latency": [],
    "size": [],
    "sequence": [],
    "training": [],
    "ragged": [],
    "losses": [],
    "crf": [],
    "threads": [],
    "denormals": [],
    "fit": ["--epochs", "5"],
    "linear_cost": [],
}
PROGRAMS = {"step": "One step in C++", "latency": "A million steps of a stream in C++"}
QUICK_PROGRAMS = {"step": "0.01", "latency": "10000"}


def question(script: str) -> str:
    """The first line of a script's docstring."""
    description = ast.get_docstring(ast.parse((HERE / f"{script}.py").read_text("utf-8"))) or ""
    return description.splitlines()[0]


def output(command: list[str]) -> list[str]:
    """The lines that a command prints, also printed at once; a failure stops the run."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return lines


def unpadded(row: str) -> str:
    """A row of a table without padding, and with three dashes per column in its rule."""
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    if all(len(cell) > 1 and set(cell) == {"-"} for cell in cells):
        cells = ["---"] * len(cells)
    return f"| {' | '.join(cells)} |"


def markdown(lines: list[str]) -> Iterator[str]:
    """Tables without padding, the line above each as its title, other lines as a list."""
    text = [line for line in lines if line and not line.startswith("written: ")]
    was = ""
    for k, line in enumerate(text):
        following = text[k + 1] if k + 1 < len(text) else ""
        row = line.startswith("|")
        kind = "row" if row else "title" if following.startswith("|") else "item"
        if kind != was or kind == "title":
            yield ""
        yield {"row": unpadded(line), "title": f"**{line}**", "item": f"- {line}"}[kind]
        was = kind


def head(quick: bool) -> Iterator[str]:
    """The head of the section: the machine, the commit and the versions."""
    installed = {package.name: package.version for package in distributions()}
    env = environment({name: installed[name] for name in PEERS if name in installed}, None)
    peers = ", ".join(f"{name} {number}" for name, number in env["versions"].items())
    changes = ", with uncommitted changes" if env["uncommitted_changes"] else ""
    yield f"## {env['cpu']}, {', '.join(env['cpu_flags'])}; {env['cores']} cores"
    yield ""
    yield f"- measured on {env['date'][:10]} at commit {str(env['commit'])[:7]}{changes}"
    yield f"- {env['system']}, Python {env['python']}; {peers}"
    if quick:
        yield "- with --quick: a check that it works, not figures to quote"


def command(name: str, given: argparse.Namespace) -> list[str]:
    """The command of a script."""
    quick = ["--quick", *SCRIPTS[name]] if given.quick else []
    installed = ["--installed"] if name == "size" and given.installed else []
    return [sys.executable, str(HERE / f"{name}.py"), *quick, *installed]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SCRIPTS), help="scripts, with commas between")
    parser.add_argument("--cpp", type=Path, help="a folder with the C++ programs, run after them")
    parser.add_argument("--quick", action="store_true", help="a check that it works, not figures")
    parser.add_argument("--installed", action="store_true", help="size.py: no wheel is built")
    parser.add_argument("--md", type=Path, default=SECTION)
    given = parser.parse_args()
    wanted = [name for name in given.only.split(",") if name]
    if unknown := sorted(set(wanted) - set(SCRIPTS)):
        raise SystemExit(f"--only {','.join(unknown)}: scripts are {', '.join(SCRIPTS)}")

    commands = {question(name): command(name, given) for name in SCRIPTS if name in wanted}
    for name, title in PROGRAMS.items() if given.cpp else ():
        program = given.cpp / name
        if not program.exists():
            raise SystemExit(f"--cpp {given.cpp}: there is no program {name}; build it first")
        commands[title] = [str(program), *([QUICK_PROGRAMS[name]] if given.quick else [])]

    section = list(head(given.quick))
    given.md.parent.mkdir(parents=True, exist_ok=True)
    for title, run in commands.items():
        print(f"\n==== {title}\n", flush=True)
        section += ["", f"### {title}", *markdown(output(run))]
        # After each script, in case a later one fails.
        given.md.write_text("\n".join(section) + "\n", encoding="utf-8")
    print(f"\nwritten: {given.md}")


if __name__ == "__main__":
    main()
