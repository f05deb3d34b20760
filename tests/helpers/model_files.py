"""The JSON in files of `skrnn.save`, read and written without the library."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any


def header_of(data: bytes) -> Any:
    """The JSON before the tensors, with the description inside it as JSON, too."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    header["__metadata__"]["skrnn"] = json.loads(header["__metadata__"]["skrnn"])
    return header


def with_header(data: bytes, header: Any) -> bytes:
    """The file with another header, which is not checked; the digests are unchanged."""
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(metadata, dict) and isinstance(metadata.get("skrnn"), (dict, list)):
        text = json.dumps(metadata["skrnn"], ensure_ascii=False)
        header = {**header, "__metadata__": {**metadata, "skrnn": text}}
    content = json.dumps(header, ensure_ascii=False).encode()
    content += b" " * (-len(content) % 8)
    tensors = data[8 + int.from_bytes(data[:8], "little") :]
    return len(content).to_bytes(8, "little") + content + tensors


def sealed(data: bytes) -> bytes:
    """The file with the digests of its contents, if it can be read so far.

    So that damage on purpose reaches the code after the check of digests.
    """
    try:
        header = header_of(data)
        description = header["__metadata__"]["skrnn"]
        if "crc32" in description:
            begin = 8 + int.from_bytes(data[:8], "little")
            description["crc32"] = {
                name: zlib.crc32(data[begin + place[0] : begin + place[1]])
                for name, tensor in header.items()
                if name != "__metadata__" and (place := tensor["data_offsets"])
            }
        text = json.dumps(description, ensure_ascii=False)
        header["__metadata__"]["skrnn"] = with_digest(text) if "digest" in description else text
        return with_header(data, header)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        return data  # such a file is refused before its digests are checked


def with_digest(description: str) -> str:
    """The text of a description with its digest recomputed."""
    text = re.sub(r'(, ?"digest": ?"\w*")?\}$', "", description)
    return f'{text},"digest":"{zlib.crc32(text.encode()):08x}"}}'


def description_of(path: Path) -> Any:
    """The description of the model in a file."""
    return header_of(path.read_bytes())["__metadata__"]["skrnn"]
