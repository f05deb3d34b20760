"""The choice of the next token, against its twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from reference.sampler import Sampler, uniform
from skrnn import _core

pytestmark = pytest.mark.usefixtures("isa")

SIZES = [1, 2, 65, 50_000]
DRAWS = 400

# Exponentials and their sum are of float32, relative to the most probable token.
TOLERANCE = 1e-6

SETTINGS: dict[str, dict[str, Any]] = {
    "none": {},
    "cold": {"temperature": 0.3},
    "hot": {"temperature": 7.0},
    "coldest": {"temperature": 1e-300},
    "greedy": {"temperature": 0.0},
    "one": {"top_k": 1},
    "few": {"top_k": 5},
    "half": {"top_p": 0.5},
    "most": {"top_p": 0.97},
    "least": {"top_p": 1e-9},
    "likely": {"min_p": 0.1},
    "likeliest": {"min_p": 1.0},
    "penalty": {"repetition_penalty": 1.7},
    "encouraged": {"repetition_penalty": 0.4},
    "all": {
        "temperature": 1.3,
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.02,
        "repetition_penalty": 1.2,
        "seed": 2**40 + 17,
    },
}

Floats = NDArray[np.floating[Any]]


def random_row(V: int, *, ties: bool, seed: int = 0) -> Floats:
    """Log-probabilities; with ties of few different values."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=V)
    if ties:
        logits = logits.round()
    return logits - np.logaddexp.reduce(logits)


def draws(
    settings: dict[str, Any], row: Floats, seen: NDArray[np.bool_] | None = None, n: int = DRAWS
) -> NDArray[np.int64]:
    """Tokens of n sequences that all have the same row."""
    rows = np.tile(row, (n, 1))
    flags = None if seen is None else np.tile(seen, (n, 1))
    return _core.Sampler(**settings).pick(rows, np.arange(n), 3, seen=flags, n_jobs=1)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("V", SIZES)
@pytest.mark.parametrize("name", SETTINGS)
def test_draws_what_the_twin_draws(name: str, V: int, ties: bool) -> None:
    settings = SETTINGS[name]
    row = random_row(V, ties=ties)
    seen = np.random.default_rng(1).uniform(size=V) < 0.3
    n = DRAWS if V < 1000 else 20
    tokens = draws(settings, row, seen, n)
    twin = Sampler(**settings)
    p = twin.probabilities(row, seen)
    assert (p[tokens] > 0).all()
    u = uniform(twin.seed, np.arange(n), 3)
    after = p.cumsum()[tokens]
    assert (u <= after + TOLERANCE).all()
    assert (u >= after - p[tokens] - TOLERANCE).all()


def test_rows_of_float32_are_read_as_they_are() -> None:
    row = random_row(65, ties=False).astype(np.float32)
    twin = [Sampler().pick(row, i, 3) for i in range(DRAWS)]
    np.testing.assert_array_equal(draws({}, row), twin)


def test_a_constant_changes_nothing() -> None:
    row = random_row(65, ties=False).astype(np.float32)
    seen = np.arange(65) % 2 == 0
    settings = {"repetition_penalty": 1.5, "top_p": 0.9}
    expected = draws(settings, row, seen)
    for constant in (-32, 32):  # few bits, so that float32 keeps the others
        shifted = draws(settings, row + np.float32(constant), seen)
        assert (shifted == expected).mean() > 0.99


@pytest.mark.parametrize("name", ["none", "few", "half", "likely", "all"])
def test_frequencies_are_probabilities(name: str) -> None:
    row, n = random_row(12, ties=False) / 2, 50_000
    counts = np.bincount(draws(SETTINGS[name], row, n=n), minlength=12)
    p = Sampler(**SETTINGS[name]).probabilities(row)
    assert (counts[p == 0] == 0).all()
    assert (p > 0).sum() > 1
    # At a fixed seed; of a thousand seeds one would fail.
    assert stats.chisquare(counts[p > 0], n * p[p > 0]).pvalue > 1e-3


@pytest.mark.parametrize("V", SIZES)
def test_temperature_0_takes_the_first_of_the_most_probable(V: int) -> None:
    row = random_row(V, ties=True)
    assert (draws({"temperature": 0}, row, n=5) == row.argmax()).all()


def test_float64_keeps_close_log_probabilities_apart() -> None:
    row = np.log(np.array([0.25, 0.25, 0.25, 0.25]))
    row[2] += 1e-13
    assert (draws({"temperature": 0}, row) == 2).all()
    assert (draws({"top_k": 1}, row) == 2).all()


@pytest.mark.parametrize("V", SIZES)
def test_what_keeps_all_changes_nothing(V: int) -> None:
    row, n = random_row(V, ties=False), 20
    expected = draws({}, row, n=n)
    for settings in ({"top_k": V}, {"top_k": 10**9}, {"top_p": 1.0}, {"min_p": 0.0}):
        np.testing.assert_array_equal(draws(settings, row, n=n), expected)


@pytest.mark.parametrize("V", [4, 10, 100, 10_000])
def test_sets_of_equal_tokens(V: int) -> None:
    """top_k keeps all that are as probable as the k-th; a nucleus is as small as it can be."""
    row, n = np.full(V, -np.log(V)), 20_000
    assert draws({"top_k": 1}, row, n=n if V < 1000 else 100).max() > V // 2
    half = draws({"top_p": 0.5}, row, n=n if V < 1000 else 100)
    assert half.max() < V // 2
    if V <= 100:
        assert len(set(half)) == V // 2


def test_the_penalty_counts_each_token_once_whatever_the_sign_of_logits() -> None:
    seen = np.array([True, False, True, False, False])
    for constant in (-5.0, 0.0, 5.0):
        logits = constant + np.array([2.0, 1.5, -1.0, 0.5, -2.0])
        usual = Sampler().probabilities(logits)
        counts = {
            penalty: np.bincount(
                draws({"repetition_penalty": penalty}, logits, seen, n=20_000), minlength=5
            )
            / 20_000
            for penalty in (1.0, 1.8, 0.5)
        }
        np.testing.assert_allclose(counts[1.0], usual, atol=0.02)
        assert (counts[1.8][seen] < counts[1.0][seen]).all()
        assert (counts[0.5][seen] > counts[1.0][seen]).all()


def test_what_is_excluded_or_has_probability_zero_is_never_drawn() -> None:
    row = np.log([0.9, 0.05, 0.0, 0.03, 0.02], where=[1, 1, 0, 1, 1], out=np.full(5, -np.inf))
    for settings in ({}, {"temperature": 100.0}, {"temperature": 0.0}, {"top_k": 4}):
        tokens = draws({"excluded": [0, 3, 3], **settings}, row, n=2000)
        assert set(tokens) <= {1, 4}


def test_a_row_does_not_depend_on_the_others_or_on_threads() -> None:
    B, V = 8, 50_000
    rows = np.stack([random_row(V, ties=b % 2 == 0, seed=b) for b in range(B)])
    sampler = _core.Sampler(seed=5, top_p=0.95, top_k=3000)
    numbers = np.arange(B) + 2**33
    expected = sampler.pick(rows, numbers, 2**34, n_jobs=1)
    for n_jobs in (2, 3, 8):
        np.testing.assert_array_equal(sampler.pick(rows, numbers, 2**34, n_jobs=n_jobs), expected)
    for b in range(B):
        assert sampler.pick(rows[b : b + 1], numbers[b : b + 1], 2**34) == expected[b]


def test_sequences_steps_and_seeds_draw_on_their_own() -> None:
    row = np.full((1, 50_000), -np.log(50_000))
    tokens = {
        int(_core.Sampler(seed=seed).pick(row, [sequence], step)[0])
        for seed in (0, 1, 2**32)
        for sequence in (0, 1, 2**32)
        for step in (0, 1, 2**32)
    }
    assert len(tokens) == 27


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.5}, "temperature must be .* got -0.5"),
        ({"temperature": np.nan}, "temperature must be .* got -?nan"),
        ({"temperature": np.inf}, "temperature must be .* got inf"),
        ({"top_k": -1}, "top_k: expected an integer of 0 or more, got -1"),
        ({"top_k": 2**70}, f"top_k: .* got {2**70}"),
        ({"top_p": 0.0}, "top_p must be above 0 and at most 1, .* got 0"),
        ({"top_p": 1.1}, "top_p must be .* got 1.1"),
        ({"top_p": np.nan}, "top_p must be .* got -?nan"),
        ({"min_p": -0.1}, "min_p must be .* got -0.1"),
        ({"min_p": 2}, "min_p must be .* got 2"),
        ({"repetition_penalty": 0}, "repetition_penalty must be .* got 0"),
        ({"repetition_penalty": np.inf}, "repetition_penalty must be .* got inf"),
        ({"seed": -3}, "seed: .* got -3"),
        ({"seed": 2**63}, f"seed: .* below .* got {2**63}"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.Sampler(**settings)


@pytest.mark.parametrize("value", [1.5, True, "5", None])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="top_k: expected an integer, got"):
        _core.Sampler(top_k=value)


def row_with(value: float) -> Floats:
    rows = np.zeros((2, 3))
    rows[1, 2] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (row_with(np.nan), {}, "row 1 holds NaN for token 2"),
        (row_with(np.inf), {}, "row 1 holds infinity for token 2"),
        (row_with(np.inf).astype(np.float32), {}, "row 1 holds infinity for token 2"),
        (np.full((2, 3), -np.inf), {}, "row 0 gives every token .* the probability zero"),
        (np.zeros(3), {}, r"expected shape \(B, V\)"),
        (np.zeros((2, 0)), {}, r"expected shape \(B, V\)"),
        (np.zeros((2, 3)), {"sequences": [0]}, "sequences: expected 2 numbers"),
        (np.zeros((2, 3)), {"step": -1}, "step: .* got -1"),
        (np.zeros((2, 3)), {"seen": np.zeros(3, bool)}, r"seen: expected bool of shape \(B, V\)"),
        (np.zeros((2, 3)), {"seen": np.zeros((2, 3))}, r"seen: expected bool"),
        (np.zeros((2, 3)), {"excluded": [3]}, "excluded holds the token 3; expected 0..2"),
        (np.zeros((2, 3)), {"excluded": [-1]}, "excluded holds the token -1; expected 0..2"),
        (np.zeros((2, 3)), {"excluded": [0, 1, 2]}, "excluded holds all 3 tokens"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    rows: Floats, options: dict[str, Any], message: str
) -> None:
    sampler = _core.Sampler(excluded=options.get("excluded", ()))
    arguments = {"sequences": [0, 1], "step": 0, **options}
    arguments.pop("excluded", None)
    with pytest.raises(ValueError, match=message):
        sampler.pick(rows, **arguments)
