"""The C++ package and examples/cpp: the answers are those of Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
from programs import ISAS, NEEDED, PREFIX, ROOT, TOOLCHAIN, run
from skrnn.preprocessing import PerStep

pytestmark = NEEDED

# --- The package ----------------------------------------------------------------------------------


def test_the_package_holds_headers_a_library_and_licences(package: Path) -> None:
    names = {path.name for path in (ROOT / "cpp" / "include" / "skrnn").iterdir()}
    assert {path.name for path in (package / "include" / "skrnn").iterdir()} == names
    (library,) = package.rglob("*skrnn_core.*")
    assert library.suffix in (".a", ".lib")
    for licence in (ROOT / "LICENSE", ROOT / "LICENSES" / "MPL-2.0.txt"):
        installed = package / "share" / "licenses" / "skrnn" / licence.name
        assert installed.read_text() == licence.read_text()


def test_the_package_names_no_folder_of_the_machine(package: Path) -> None:
    texts = {path: path.read_text() for path in package.rglob("*.cmake")}
    assert {"skrnnConfig.cmake", "skrnnConfigVersion.cmake"} <= {path.name for path in texts}
    for path, text in texts.items():
        for folder in {str(ROOT), str(Path(PREFIX).resolve()), "/usr/", "/home", sys.prefix}:
            assert folder not in text, (path, folder)


def test_headers_stand_alone(package: Path) -> None:
    for header in sorted((package / "include" / "skrnn").iterdir()):
        for line in header.read_text().splitlines():
            included = re.match(r"#include (.+)", line)
            if included is None:
                continue
            own = re.fullmatch(r'"skrnn/(\w+\.h)"', included[1])
            assert own or re.fullmatch(r"<\w+>", included[1]), (header.name, line)
            assert own is None or (header.parent / own[1]).is_file()


# --- Answers --------------------------------------------------------------------------------------


@dataclass
class Served:
    """A model that is trained here, sequences for it, and Python's name for its answers."""

    model: Any
    sequences: list[Any]
    method: str

    def answers(self) -> np.ndarray:
        """The answers after every step, as if the sequence ended there: float32, (steps, A)."""
        starts = [s[: t + 1] for s in self.sequences for t in range(len(s))]
        answers = np.asarray(getattr(self.model, self.method)(starts), np.float32)
        return answers.reshape(len(starts), -1)

    def streamed(self) -> np.ndarray:
        """The same from a stream."""
        stream = self.model.stream(method=self.method)
        rows = []
        for sequence in self.sequences:
            stream.reset()
            rows += [np.ravel(stream.step(x_t)) for x_t in sequence]
        return np.asarray(rows, np.float32)

    def lines(self) -> str:
        """The input of the program, with enough digits to restore every number."""
        texts = []
        for sequence in self.sequences:
            texts += [" ".join(f"{x:.17g}" for x in np.ravel(x_t)) for x_t in sequence] + [""]
        return "\n".join(texts)


def channels() -> Any:
    rng = np.random.default_rng(3)
    lengths = rng.integers(4, 20, 60)
    return [rng.normal(size=(n, 3)).astype(np.float32) for n in lengths]


def tokens() -> Any:
    rng = np.random.default_rng(4)
    return [rng.integers(0, 9, n) for n in rng.integers(4, 20, 60)]


SETTINGS = {"max_iter": 3, "random_state": 0, "learning_rate_init": 0.01, "n_jobs": 1}


def classifier() -> Served:
    X = channels()
    y = [int(x[-3:, 0].sum() > 0) + int(x[0, 1] > 0) for x in X]
    model = skrnn.RNNClassifier(hidden_size=21, **SETTINGS).fit(X, y)
    return Served(model, X[:4], "predict_proba")


def pipeline() -> Served:
    X = [1000 * x + 50 for x in channels()]
    y = [(x.sum(), 7 * x.max() + 1) for x in X]
    network = skrnn.RNNRegressor(
        cell="gru", hidden_size=10, num_layers=2, pooling="mean", **SETTINGS
    )
    model = make_pipeline(PerStep(StandardScaler()), network).fit(X, y)
    return Served(model, X[:4], "predict")


def token_classifier() -> Served:
    X = tokens()
    y = ["early" if 3 in x[:5] else "late" for x in X]
    model = skrnn.RNNClassifier(
        cell="rnn", hidden_size=8, embedding_size=5, pooling="max", **SETTINGS
    ).fit(X, y)
    return Served(model, X[:4], "predict_proba")


@pytest.fixture(scope="module", params=[classifier, pipeline, token_classifier])
def served(request: pytest.FixtureRequest) -> Served:
    return request.param()


@pytest.mark.parametrize("isa", ISAS)
def test_the_program_answers_as_python(
    served: Served,
    isa: str,
    launcher: list[str],
    in_python: Callable[[str], None],
    tmp_path: Path,
) -> None:
    skrnn.save(served.model, tmp_path / "model.safetensors")
    (tmp_path / "steps.txt").write_text(served.lines())
    process = run(launcher, tmp_path / "model.safetensors", tmp_path / "steps.txt", isa=isa)
    assert process.returncode == 0, process.stderr
    assert process.stderr.split()[-1] == isa

    rows = [line.split() for line in process.stdout.splitlines()]
    answers = np.array(rows, np.float64).astype(np.float32)
    in_python(isa)
    expected = served.answers()
    if TOOLCHAIN is None:
        np.testing.assert_array_equal(answers, expected, strict=True)
        if hasattr(served.model, "stream"):
            np.testing.assert_array_equal(answers, served.streamed(), strict=True)
    else:
        # Another processor sums in another order. 2 ** -24 is one rounding of a float32.
        scale = np.abs(expected).max()
        np.testing.assert_allclose(answers, expected, rtol=0, atol=32 * 2.0**-24 * scale)


# --- Texts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("analyzer", ["char", "word"])
@pytest.mark.parametrize("temperature", [0, 1])
def test_the_program_writes_as_python(
    analyzer: str,
    temperature: float,
    launchers: dict[str, list[str]],
    in_python: Callable[[str], None],
    tmp_path: Path,
) -> None:
    texts = ["the cat sat", "a dög ran", "the dög sat and the cat ran", "the cat and a dög"]
    model = skrnn.RNNLanguageModel(hidden_size=12, analyzer=analyzer, max_iter=40, random_state=0)
    model.fit(texts * 8).save(tmp_path / "model.skrnn")
    begun = ["", "the", "the dög", "a zebra", "and"]
    process = run(
        launchers["write_text"],
        *(tmp_path / "model.skrnn", temperature, 7),
        input="".join(f"{text}\n" for text in begun),
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    in_python(ISAS[0])
    expected = [
        text + (" " if continued and analyzer == "word" else "") + continued
        for text in begun
        for continued in [
            model.generate(text, max_new_tokens=200, temperature=temperature, random_state=7)
        ]
    ]
    assert process.stdout.splitlines() == expected
    assert len({*expected}) == len(begun)


@pytest.mark.parametrize(
    ("analyzer", "texts"),
    [
        ("char", "the cat and a dog. " * 9),  # one text, which never ends
        ("word", "the cat and a dog " * 9),
        ("word", ["c g a", "g a", "a c c g"] * 4),  # words of one letter
        ("char", ["a\0b", "b\0"] * 4),
    ],
)
def test_the_program_writes_what_fit_saw(
    analyzer: str,
    texts: Any,
    launchers: dict[str, list[str]],
    in_python: Callable[[str], None],
    tmp_path: Path,
) -> None:
    model = skrnn.RNNLanguageModel(hidden_size=8, analyzer=analyzer, max_iter=3, random_state=0)
    model.fit(texts).save(tmp_path / "model.skrnn")
    begun = "the" if isinstance(texts, str) else texts[0][:2].strip()
    process = run(launchers["write_text"], tmp_path / "model.skrnn", 2.0, 2, input=f"{begun}\n")
    assert process.returncode == 0, process.stderr
    in_python(ISAS[0])
    written = model.generate(begun, max_new_tokens=200, temperature=2.0, random_state=2)
    assert written
    assert process.stdout == f"{begun}{' ' * (analyzer == 'word')}{written}\n"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["abc"], ["TEMPERATURE is abc", "number"]),
        (["0.5x"], ["TEMPERATURE is 0.5x"]),
        ([""], ["TEMPERATURE is "]),
        ([-1], ["temperature", "-1"]),
        (["nan"], ["temperature", "nan"]),
        ([1, "abc"], ["SEED is abc", "integer"]),
        ([1, -1], ["SEED is -1"]),
    ],
)
def test_arguments_that_the_program_refuses(
    arguments: list[Any], parts: list[str], launchers: dict[str, list[str]], tmp_path: Path
) -> None:
    model = skrnn.RNNLanguageModel(hidden_size=4, max_iter=1, random_state=0)
    model.fit(["ab", "ba"]).save(tmp_path / "model.skrnn")
    process = run(launchers["write_text"], tmp_path / "model.skrnn", *arguments, input="a\n")
    assert process.returncode == 1
    assert all(part in process.stderr for part in parts)


def test_a_model_without_strings_writes_no_text(
    launchers: dict[str, list[str]], tmp_path: Path
) -> None:
    model = skrnn.RNNLanguageModel(hidden_size=4, max_iter=1, random_state=0)
    model.fit([[1, 2, 3], [2, 1]]).save(tmp_path / "model.skrnn")
    process = run(launchers["write_text"], tmp_path / "model.skrnn", input="")
    assert process.returncode == 1
    assert "no strings" in process.stderr


# --- Refusals -------------------------------------------------------------------------------------


def test_a_line_that_is_not_a_step(launcher: list[str], tmp_path: Path) -> None:
    for made, good, bad in [(classifier, "1 2 3", "1 2"), (token_classifier, "3", "9")]:
        skrnn.save(made().model, tmp_path / "model.safetensors")
        process = run(launcher, tmp_path / "model.safetensors", input=f"{good}\n\n{bad}\n")
        assert process.returncode == 1
        assert len(process.stdout.splitlines()) == 1  # of the good line
        assert "line 3" in process.stderr


def test_a_file_that_is_not_a_model(launcher: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, part in [("missing", str(tmp_path / "missing")), ("empty", "0 bytes")]:
        process = run(launcher, tmp_path / name, input="")
        assert process.returncode == 1
        assert part in process.stderr
