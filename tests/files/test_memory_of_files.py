"""Files whose descriptions are long: memory is bounded, and so is their length."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import skrnn
import skrnn.runtime
from changes import changed, put
from helpers.model_files import with_digest
from models import ENCODERS, encoded
from skrnn._files.description import LONGEST

BOTH = pytest.mark.parametrize("load", [skrnn.load, skrnn.runtime.load], ids=["load", "runtime"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.skrnn"


@BOTH
@pytest.mark.parametrize("unit", ["[]", "{}", "[[]]", '"ab"', "1.5", '{"a":1}', "[1e9,[]]"])
def test_memory_stays_within_a_multiple_of_the_file(unit: str, load: Any, path: Path) -> None:
    """For any kind of JSON, in a place that is not read."""
    changed("classes str", path, put("producer", "PLACE"))
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    text = header["__metadata__"]["skrnn"]
    content = "[" + ",".join([unit] * (2 * 10**5 // (len(unit) + 1))) + "]"
    header["__metadata__"]["skrnn"] = with_digest(text.replace('"PLACE"', content))
    written = json.dumps(header).encode()
    path.write_bytes(len(written).to_bytes(8, "little") + written + data[8 + length :])
    tracemalloc.start()
    load(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40 * path.stat().st_size


@BOTH
def test_a_description_that_is_too_long(load: Any, path: Path) -> None:
    changed("classes str", path, put("producer", "a" * LONGEST))
    with pytest.raises(ValueError, match=f"characters; expected {LONGEST} at most"):
        load(path)


def test_a_vocabulary_that_is_too_long_is_not_saved(path: Path) -> None:
    pipeline = encoded(*ENCODERS["words"])
    number = len(pipeline[0].vocabulary_) + 1
    pipeline[0].vocabulary_["a" * LONGEST] = number
    with pytest.raises(ValueError, match="limit the vocabulary with max_tokens or min_frequency"):
        skrnn.save(pipeline, path)
