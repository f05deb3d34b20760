"""Damage on a disk or in transfer: a damaged file is refused, or reads the same."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file
from sklearn.preprocessing import StandardScaler

import skrnn
import skrnn.runtime
from helpers.bits import assert_same
from helpers.model_files import description_of, header_of, sealed, with_header
from models import forecaster, model_of, scaled, sequences, series
from skrnn import _core
from skrnn._files.description import FORMAT_VERSION
from skrnn._files.writing import content_of

LOADERS = [skrnn.load, skrnn.runtime.load]


@pytest.fixture(scope="module", params=["scaled", "forecaster"])
def content(request: pytest.FixtureRequest) -> bytes:
    """Files with tensors of every kind: weights, operations on channels, units, arrays."""
    if request.param == "scaled":
        return content_of(scaled([StandardScaler()]))
    settings = {"hidden_size": 1, "lookback": 4, "segment_length": 4, "calibration": None}
    return content_of(forecaster(series(1)[0], seasonality=4, **settings))


def flipped(data: bytes) -> Iterator[bytes]:
    """All files that differ from this one in one bit."""
    broken = bytearray(data)
    for place in range(len(data)):
        for bit in range(8):
            broken[place] ^= 1 << bit
            yield bytes(broken)
            broken[place] ^= 1 << bit


def values_of(model: _core.Model) -> bytes:
    """Everything that a model has read from its file."""
    arrays = [*model.parameters.values(), model.target_mean, model.target_scale]
    arrays += [values for _, values, _ in model.operations]
    arrays += model.arrays.values()
    return model.description.encode() + b"".join(array.tobytes() for array in arrays)


def test_any_flipped_bit_is_refused_or_not_read(content: bytes) -> None:
    expected = values_of(_core.Model.parse(content))
    taken = 0
    for data in flipped(content):
        try:
            model = _core.Model.parse(data)
        except ValueError:
            continue
        assert values_of(model) == expected
        taken += 1
    # An escaped quotation mark, say, has no other spelling that a bit away.
    assert taken < 100


@pytest.mark.parametrize("load", LOADERS)
def test_a_flipped_bit_of_a_weight_is_damage(load: object, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.skrnn"
    data = bytearray(content)
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"tensor \"\S+\" is damaged: .*CRC-32") as error:
        load(path)  # type: ignore[operator]
    assert str(path) in str(error.value)
    path.write_bytes(content.replace(b"scikit-rnn 0", b"scikit-rnn 1"))
    with pytest.raises(ValueError, match=r"the description .* is damaged: .*CRC-32"):
        load(path)  # type: ignore[operator]


def test_any_truncated_file_is_refused(content: bytes) -> None:
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"."):
            _core.Model.parse(content[:length])


def test_exchanged_bytes_are_damage(content: bytes) -> None:
    """For example exchanged sectors of a disk."""
    rng = np.random.default_rng(0)
    begin = 8 + int.from_bytes(content[:8], "little")
    for _ in range(100):
        data = bytearray(content)
        one, other = rng.integers(begin, len(data) - 16, 2)
        data[one : one + 8], data[other : other + 8] = (
            data[other : other + 8],
            data[one : one + 8],
        )
        if data == content:
            continue
        with pytest.raises(ValueError, match=r"damaged|NaN"):
            _core.Model.parse(bytes(data))


# ---- The digests ----


def test_the_digests_are_those_of_the_python_standard_library(tmp_path: Path) -> None:
    """As described in model_file.h, so that other programs can write such files."""
    path = tmp_path / "model.skrnn"
    skrnn.save(model_of("two targets"), path)
    tensors = {name: zlib.crc32(array.tobytes()) for name, array in load_file(path).items()}
    assert description_of(path)["crc32"] == tensors
    with safe_open(path, "np") as file:
        text, digest = file.metadata()["skrnn"].split(',"digest":')
    assert digest == f'"{zlib.crc32(text.encode()):08x}"}}'


def test_a_changed_file_can_be_sealed_again(content: bytes) -> None:
    """The digests detect damage; they are not a signature."""
    header = header_of(content)
    header["__metadata__"]["skrnn"]["producer"] = "somebody"
    changed = with_header(content, header)
    with pytest.raises(ValueError, match="damaged"):
        _core.Model.parse(changed)
    assert b"somebody" in _core.Model.parse(sealed(changed)).description.encode()


@pytest.mark.parametrize("member", ["digest", "crc32"])
def test_a_file_without_its_digests_is_refused(member: str, content: bytes) -> None:
    header = header_of(content)
    del header["__metadata__"]["skrnn"][member]
    data = sealed(with_header(content, header))
    with pytest.raises(ValueError, match=r"damaged|crc32"):
        _core.Model.parse(data)


def test_a_file_of_format_1_has_none(tmp_path: Path) -> None:
    """And is loaded without digests."""
    old = Path(__file__).parent.parent / "artifacts" / "version_1" / "regressor.skrnn"
    assert description_of(old)["format_version"] == 1
    assert not {"crc32", "digest"} & {*description_of(old)}
    model, path = skrnn.load(old), tmp_path / "new.skrnn"
    X = [x[:, :2] for x in sequences()]
    model.save(path)
    assert description_of(path)["format_version"] == FORMAT_VERSION
    assert_same(skrnn.load(path).predict(X), model.predict(X))
