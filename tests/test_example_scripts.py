"""The scripts in examples/ that take seconds run, and save what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.processes import run_python

EXAMPLES = Path(__file__).parent.parent / "examples"
CONLLU = (
    "# text = It rains.\n1\tIt\t_\tPRON\n2-3\trains.\t_\t_\n2\trains\t_\tVERB\n3\t.\t_\tPUNCT\n\n"
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    if not EXAMPLES.is_dir():
        pytest.skip("needs the sources")
    monkeypatch.chdir(tmp_path)


def test_tagging(tmp_path: Path) -> None:
    lines = run_python(str(EXAMPLES / "tagging.py")).stdout.splitlines()
    shares = {line[:26].strip(): [*map(float, line.split()[-2:])] for line in lines[2:5]}
    assert shares["words and letters"][1] > shares["words"][1] + 0.05
    assert (tmp_path / "tagging.png").stat().st_size > 1000
    (tmp_path / "small.conllu").write_text(20 * CONLLU, encoding="utf-8")
    lines = run_python(str(EXAMPLES / "tagging.py"), "small.conllu").stdout.splitlines()
    assert lines[0] == "14 sentences to learn from, 6 to label"


def test_colour_names(tmp_path: Path) -> None:
    lines = run_python(str(EXAMPLES / "colour_names.py")).stdout.splitlines()
    told, blind = (float(line.split()[-1]) for line in lines[3:5])
    assert told < 0.7 * blind
    assert (tmp_path / "colour_names.png").stat().st_size > 1000
    rows = 20 * ["deep red\t#700000\t", "red\t#ff0000", "blue\t#0000ff", "deep blue\t#000070"]
    (tmp_path / "mine.txt").write_text("\n".join(["# License", *rows]), encoding="utf-8")
    lines = run_python(str(EXAMPLES / "colour_names.py"), "mine.txt").stdout.splitlines()
    assert lines[0] == "67 names of colours to learn from, 13 others"
    (tmp_path / "mine.txt").write_text("deep red #700000\nred #ff0000\n", encoding="utf-8")
    refused = run_python(str(EXAMPLES / "colour_names.py"), "mine.txt", check=False)
    assert refused.stderr == "mine.txt has 0 names with a tab and a colour; needs two\n"


def test_demand(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    run = run_python(str(EXAMPLES / "demand.py"), "--shops", "2", "--days", "450")
    lines = run.stdout.splitlines()
    scores = {line[:30].strip(): float(line[30:].split()[0]) for line in lines[3:8]}
    day, week, blind, told, noise = scores.values()
    assert noise < told < 0.9 * blind < 0.9 * min(day, week)
    assert lines[9].startswith("The next week of shop ")
    assert (tmp_path / "demand.png").stat().st_size > 1000


def test_weather(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    run = run_python(str(EXAMPLES / "weather.py"), "--hours", "4000")
    lines = run.stdout.splitlines()
    hour, day, forecaster, best = (float(line.split()[-2]) for line in lines[3:7])
    assert best < forecaster < 0.95 * min(hour, day)
    assert (tmp_path / "weather.png").stat().st_size > 1000
    times = pandas.date_range("2024-01-01", periods=400, freq="h").delete([50, 51])
    degrees = [10 + 5 * (hour % 24 > 12) for hour in range(len(times))]
    pandas.DataFrame({"time": times, "degrees": degrees}).to_csv("mine.csv", index=False)
    lines = run_python(str(EXAMPLES / "weather.py"), "mine.csv").stdout.splitlines()
    assert lines[0].startswith("398 hours with a season of 24; ")
    assert "degrees" in lines[10]


def test_sensor(tmp_path: Path) -> None:
    lines = run_python(str(EXAMPLES / "sensor.py")).stdout.splitlines()
    assert [line.partition("(")[2].partition(",")[0] for line in lines[3:-2]] == [
        "leak",
        "sensor hangs",
        "short cycles",
    ]
    assert lines[-2] == "3 of 3 faults, and 0 false alarms"
    assert (tmp_path / "sensor.png").stat().st_size > 1000
