"""The JSON in files of `skrnn.save`, read and written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def header_of(data: bytes) -> Any:
    """The JSON before the tensors, with the description inside it as JSON, too."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    header["__metadata__"]["skrnn"] = json.loads(header["__metadata__"]["skrnn"])
    return header


def with_header(data: bytes, header: Any) -> bytes:
    """The file with another header, which nobody has checked."""
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(metadata, dict) and "skrnn" in metadata:
        text = json.dumps(metadata["skrnn"], ensure_ascii=False)
        header = {**header, "__metadata__": {**metadata, "skrnn": text}}
    content = json.dumps(header, ensure_ascii=False).encode()
    content += b" " * (-len(content) % 8)
    tensors = data[8 + int.from_bytes(data[:8], "little") :]
    return len(content).to_bytes(8, "little") + content + tensors


def description_of(path: Path) -> Any:
    """What a file says of its model."""
    return header_of(path.read_bytes())["__metadata__"]["skrnn"]
