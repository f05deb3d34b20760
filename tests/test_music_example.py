"""examples/music.py: its MIDI files are read as they were written, and it learns its grammar."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("mido", reason="needs mido, of the extras examples and test")
pytest.importorskip("matplotlib")
SCRIPT = Path(__file__).parent.parent / "examples" / "music.py"


@pytest.fixture(scope="module")
def music() -> ModuleType:
    spec = importlib.util.spec_from_file_location("music", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_chords_of_the_major_scale(music: ModuleType) -> None:
    assert music.chord(1) == [0, 4, 7, 12]  # C E G
    assert music.chord(5) == [7, 11, 14, 19]  # G B D
    assert music.chord(6) == [9, 12, 16, 21]  # A C E


def test_the_probability_of_a_piece_is_that_of_its_choices(music: ModuleType) -> None:
    """The probabilities of all pieces of one key sum to one; there are three keys."""
    costs = {}
    for seed in range(3000):
        frames, cost = music.compose(np.random.default_rng(seed), phrases=1)
        assert costs.setdefault(frames.tobytes(), cost) == cost
        # A bass and a melody; the arpeggio adds a key, unless it meets the melody.
        assert set(np.unique(frames.sum(axis=1))) <= {2, 3}
    # 3 keys, 3 arpeggios, 4 chords, and seven moves of the melody, of two or three ways each.
    assert sum(np.exp(-cost) for cost in costs.values()) < 3
    assert min(costs.values()) >= np.log(3) + np.log(4) + 7 * np.log(2)


def test_midi_is_read_as_written(music: ModuleType, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = (rng.random((60, music.KEYS)) < 0.2).astype(float)
    frames[-1, 5] = 1
    music.write_midi(frames, tmp_path / "piece.mid")
    np.testing.assert_array_equal(music.read_midi(tmp_path / "piece.mid"), frames)


def results(said: str) -> dict[str, float]:
    rows = re.findall(r"^    (\S.*?) +(\d+\.\d+)$", said, flags=re.MULTILINE)
    return {name: float(value) for name, value in rows}


def test_it_learns_and_writes(
    music: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    music.main(["--epochs", "6", "--bars", "3", "--out", str(tmp_path)])
    scores = results(capsys.readouterr().out)
    limit, network = scores["the grammar that composed them"], scores["LSTM of 96 units"]
    assert limit < network < scores["the frequency of each key"]
    assert (tmp_path / "music.png").stat().st_size > 5000
    written = music.read_midi(tmp_path / "music.mid")
    assert 4 * music.BAR < len(written) <= 7 * music.BAR


def test_it_learns_from_a_folder(
    music: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(4):
        frames, _ = music.compose(np.random.default_rng(seed))
        music.write_midi(frames, tmp_path / f"{seed}.mid")
    music.main(["--midi", str(tmp_path), "--epochs", "1", "--bars", "1", "--out", str(tmp_path)])
    assert "the grammar" not in capsys.readouterr().out
    with pytest.raises(SystemExit, match="has 0 MIDI files"):
        music.main(["--midi", str(tmp_path / "empty")])
