"""Random mutations of files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from helpers.model_files import header_of, sealed, with_header

# Values for any place in the JSON of a file.
HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 3, 7, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, -(2**63)),
    *(10**25, 1.5, -0.0, 1e308, 1e-320, "", "nan", "inf", "x", "\x00", "é\u2028", "a" * 3000),
    *("U1", "U99999999", "U1000000", "object", "float16", "O", "lstm", "attention", "every_step"),
    *("quantile", "gaussian_nll", "cross_entropy", "RNNRegressor", "RNNClassifier", "F64", "I8"),
    *("RNNForecaster", "difference", "frame", "polars", "months", "Europe/Paris", "datetime64[ns]"),
    *("StandardScaler", "MinMaxScaler", "PerStep", "TokenEncoder", "char", "(", "(a)(b)", "[["),
    *([], {}, [0], [1, 1], [[]], [2**62, 4], [-1], [0, 0], ["a", "a"], [None], [1.5, "x"]),
    *({"tuple": []}, {"keys": [[]], "values": [0]}, {"dtype": "U1", "array": ["ab"]}),
    *({"dtype": "int8", "array": [300]}, {"dtype": "U9999999", "array": ["a", "b", "c"]}),
    *({"scalar": 1}, list(range(1000)), {str(i): i for i in range(100)}),
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield value, key
        if isinstance(item, (dict, list)):
            yield from places(item)


class Mutator:
    """Random mutations, the same ones for the same seed."""

    def __init__(self, seed: int, files: list[bytes]) -> None:
        self.random = random.Random(seed)
        self.files = files

    def __call__(self, data: bytes) -> bytes:
        """Return a broken copy."""
        ways = [self.flip, self.cut, self.splice, self.length]
        # Random mutations rarely reach inner values, so they are chosen on purpose.
        ways += [self.replace] * 6 + [self.remove, self.add, self.swap, self.exchange]
        broken = self.random.choice(ways)(data)
        # With new digests, or most mutations would be refused by them.
        return broken if self.random.random() < 0.2 else sealed(broken)

    def flip(self, data: bytes) -> bytes:
        """Flip some bits, more often in the header."""
        broken = bytearray(data)
        end = len(data) if self.random.random() < 0.5 else len(data) - len(data) // 3
        for _ in range(self.random.choice([1, 1, 2, 8])):
            broken[self.random.randrange(end)] ^= 1 << self.random.randrange(8)
        return bytes(broken)

    def cut(self, data: bytes) -> bytes:
        """Cut off the end or the beginning."""
        at = self.random.randrange(len(data))
        return data[:at] if self.random.random() < 0.8 else data[at:]

    def splice(self, data: bytes) -> bytes:
        """Replace a piece by a piece of another file, or insert one."""
        other = self.random.choice(self.files)
        at, source = self.random.randrange(len(data)), self.random.randrange(len(other))
        piece = other[source : source + self.random.choice([1, 4, 64, 1024])]
        return data[:at] + piece + data[at + self.random.choice([0, len(piece)]) :]

    def length(self, data: bytes) -> bytes:
        """Change the length of the header."""
        right = int.from_bytes(data[:8], "little")
        choices = [right - 1, right + 1, 0, len(data) - 8, 2**32, 10**8, 2**63, 2**64 - 1]
        return self.random.choice(choices).to_bytes(8, "little") + data[8:]

    def replace(self, data: bytes) -> bytes:
        """Replace a value in the JSON by another kind of value."""
        header = header_of(data)
        container, key = self.place(header)
        container[key] = self.random.choice(HOSTILE)
        return with_header(data, header)

    def remove(self, data: bytes) -> bytes:
        """Remove a member of the JSON."""
        header = header_of(data)
        container, key = self.place(header)
        del container[key]
        return with_header(data, header)

    def add(self, data: bytes) -> bytes:
        """Add a member to the JSON."""
        header = header_of(data)
        container, key = self.place(header)
        if isinstance(container, dict):
            container[str(key) + "x"] = container[key]
        else:
            container.insert(key, container[key])
        return with_header(data, header)

    def swap(self, data: bytes) -> bytes:
        """Swap two values in the JSON."""
        header = header_of(data)
        (one, i), (other, j) = self.place(header), self.place(header)
        if isinstance(one[i], (dict, list)) or isinstance(other[j], (dict, list)):
            return self.replace(data)  # or one could come to contain itself
        one[i], other[j] = other[j], one[i]
        return with_header(data, header)

    def exchange(self, data: bytes) -> bytes:
        """Replace a part of the description by that of another file."""
        header, other = header_of(data), header_of(self.random.choice(self.files))
        container, key = self.random.choice(
            [pair for pair in places(header["__metadata__"]["skrnn"]) if isinstance(pair[0], dict)]
        )
        found = [box[name] for box, name in places(other) if name == key]
        if found:
            container[key] = self.random.choice(found)
        return with_header(data, header)

    def place(self, header: Any) -> tuple[Any, Any]:
        """A random place in the JSON, more often in the description."""
        inside = self.random.random() < 0.8
        return self.random.choice(
            list(places(header["__metadata__"]["skrnn"] if inside else header))
        )
