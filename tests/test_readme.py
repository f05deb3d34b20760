"""The README's Python runs, and files named in it and the other pages exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

IGNORED = ("bench/results", "cpp/vendor")  # by git; they are made by builds and benchmarks


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"))
def test_python_block_runs(block):
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


def test_the_page_on_forecasting_runs_as_one_story():
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib").use("Agg")
    page = ROOT / "docs" / "forecasting.md"
    names = {"__name__": "page"}
    for block in blocks("python", page.read_text(encoding="utf-8")):
        exec(compile(block, page.name, "exec"), names)


def test_two_commands_run_the_main_job_and_the_tests():
    commands = [line for block in blocks("bash") for line in block.splitlines()]
    main_job, tests = commands
    assert (ROOT / main_job.split()[-1]).is_file()
    assert tests.endswith("python -m pytest")


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (page.parent / target).exists(), target
    paths = r"`((?:cpp|python|tests|bench|docs|examples|cmake|\.ci)/[\w./-]*)`"
    for path in re.findall(paths, text):
        assert (ROOT / path).exists() or path.startswith(IGNORED), path
