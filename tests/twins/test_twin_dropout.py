"""The twin of dropout: published values of its generator, and properties of masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reference.dropout import (
    OUTPUT,
    RECURRENT,
    RECURRENT_REVERSE,
    draw_masks,
    keep_mask,
    scaled_mask,
    words,
)
from reference.philox import philox

# counter, key and answer: the lines "philox4x32 10" of tests/kat_vectors in Random123, the authors'
# own library (github.com/DEShawResearch/random123).
KNOWN_ANSWERS = [
    line.split("|")
    for line in (
        "00000000 00000000 00000000 00000000|00000000 00000000|6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff|ffffffff ffffffff|408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344|a4093822 299f31d0|d16cfe09 94fdcceb 5001e420 24126ea1",
    )
]


def hexadecimal(words: str) -> list[int]:
    return [int(word, 16) for word in words.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter: str, key: str, answer: str) -> None:
    ours = philox(hexadecimal(counter), hexadecimal(key))
    assert ours.dtype == np.uint32
    np.testing.assert_array_equal(ours, hexadecimal(answer))


def test_many_counters_are_one_after_another() -> None:
    counters = np.random.default_rng(0).integers(2**32, size=(3, 5, 4))
    key = (7, 2**32 - 1)
    together = philox(counters, key)
    for index in np.ndindex(3, 5):
        np.testing.assert_array_equal(together[index], philox(counters[index], key))


def test_the_word_of_a_unit_follows_the_definition() -> None:
    seed = (0x299F31D0 << 32) + 0xA4093822  # the key of the last known answer
    site, step, sample, epoch = 0x243F, 0x85A308D3, 0x13198A2E, 0x03707344
    first_unit = 4 * 0x6A88
    block = words(seed, epoch, sample, site, step, first_unit + 4)[first_unit:]
    np.testing.assert_array_equal(block, hexadecimal(KNOWN_ANSWERS[2][2]))


def test_a_unit_is_dropped_below_the_threshold() -> None:
    """A rate that is exactly a word over 2^32 keeps that word; the next larger rate drops it."""
    where: dict[str, Any] = {"seed": 1, "epoch": 2, "sample": 3, "site": 4, "step": 5, "units": 9}
    for unit, word in enumerate(words(**where)):
        assert keep_mask(**where, rate=int(word) / 2**32)[unit]
        assert not keep_mask(**where, rate=(int(word) + 1) / 2**32)[unit]


def test_no_rate_keeps_all_and_the_highest_rate_is_below_one() -> None:
    where: dict[str, Any] = {
        "seed": 1,
        "epoch": 0,
        "sample": 0,
        "site": 0,
        "step": 0,
        "units": 1000,
    }
    assert keep_mask(**where, rate=0.0).all()
    assert not keep_mask(**where, rate=np.nextafter(1.0, 0.0)).any()


def test_a_layer_with_fewer_units_has_the_beginning_of_the_mask() -> None:
    where: dict[str, Any] = {"seed": 1, "epoch": 0, "sample": 0, "site": 0, "step": 0, "rate": 0.5}
    whole = keep_mask(**where, units=13)
    for units in range(1, 13):
        np.testing.assert_array_equal(keep_mask(**where, units=units), whole[:units])


@pytest.mark.parametrize("changed", ["seed", "epoch", "sample", "site", "step"])
def test_every_coordinate_draws_anew(changed: str) -> None:
    where: dict[str, Any] = {
        "seed": 5,
        "epoch": 5,
        "sample": 5,
        "site": 5,
        "step": 5,
        "units": 64,
        "rate": 0.5,
    }
    mask = keep_mask(**where)
    for value in (0, 6, 2**16 - 1):
        different = (keep_mask(**{**where, changed: value}) != mask).mean()
        assert 0.25 < different < 0.75


def test_the_high_half_of_a_seed_counts() -> None:
    where: dict[str, Any] = {"epoch": 0, "sample": 0, "site": 0, "step": 0, "units": 64}
    assert (words(seed=1, **where) != words(seed=1 + 2**32, **where)).all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_dropped_share_is_the_rate_and_the_mean_is_one(rate: float) -> None:
    n = 100_000
    mask = scaled_mask(seed=0, epoch=0, sample=0, site=0, step=0, units=n, rate=rate)
    deviation = np.sqrt(rate * (1 - rate) / n)
    assert abs((mask == 0).mean() - rate) < 4 * deviation
    assert abs(mask.mean() - 1) < 4 * deviation / (1 - rate)
    np.testing.assert_array_equal(mask[mask != 0], 1 / (1 - rate))


def test_places_of_the_masks_of_a_sequence() -> None:
    shape: dict[str, Any] = {"n_steps": 5, "hidden_size": 3, "num_layers": 2, "bidirectional": True}
    rates: dict[str, Any] = {"dropout": 0.5, "recurrent_dropout": 0.25}
    where: dict[str, Any] = {"seed": 1, "epoch": 2, "sample": 3}
    masks = draw_masks(**where, **shape, **rates)
    between, head = masks.output[0], masks.output[1]
    assert between.shape == (5, 6)
    assert head.shape == (6,)
    assert len(masks.output) == 2
    for t in range(5):
        expected = scaled_mask(**where, site=OUTPUT, step=t, units=6, rate=0.5)
        np.testing.assert_array_equal(between[t], expected)
    np.testing.assert_array_equal(
        head, scaled_mask(**where, site=4 + OUTPUT, step=0, units=6, rate=0.5)
    )
    assert set(masks.recurrent) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    for (layer, direction), mask in masks.recurrent.items():
        site = 4 * layer + [RECURRENT, RECURRENT_REVERSE][direction]
        expected = scaled_mask(**where, site=site, step=0, units=3, rate=0.25)
        np.testing.assert_array_equal(mask, expected)

    every_step = draw_masks(**where, **shape, **rates, pooling=None)
    assert every_step.output[1].shape == (5, 6)
    np.testing.assert_array_equal(every_step.output[1][0], head)


def test_a_longer_sequence_begins_with_the_same_masks() -> None:
    short, long = (
        draw_masks(0, 0, 0, n_steps=n, hidden_size=8, num_layers=2, dropout=0.5) for n in (3, 7)
    )
    np.testing.assert_array_equal(long.output[0][:3], short.output[0])


def test_without_a_rate_there_is_no_mask() -> None:
    masks = draw_masks(0, 0, 0, n_steps=3, hidden_size=8, num_layers=2)
    assert not masks.output
    assert not masks.recurrent
