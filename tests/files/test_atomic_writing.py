"""Atomic writing: after any event a file is the old or the new one, and no other file is left."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skrnn
from helpers.bits import assert_same
from models import classifier, model_of, sequences
from skrnn._files.atomic import write_atomically

POSIX = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_it_writes_and_replaces(path: Path) -> None:
    for content in (b"old", b"", b"new" * 10**6):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "call", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.open"], ids=lambda call: call
)
@pytest.mark.parametrize("there", [True, False])
def test_an_error_leaves_the_old_file(
    call: str, error: BaseException, there: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if there:
        path.write_bytes(b"old")

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        with pytest.raises(type(error)) as found:
            write_atomically(path, b"new")
    if isinstance(error, OSError):
        assert found.value.filename == str(path)
        assert found.value.errno == errno.ENOSPC
    assert [item.read_bytes() for item in path.parent.iterdir()] == [b"old"] * there


def test_ctrl_c_after_the_replacement_leaves_the_new_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"old")
    replace = Path.replace

    def interrupted(*args: Any) -> Any:
        replace(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert [item.read_bytes() for item in path.parent.iterdir()] == [b"new"]


def test_writers_do_not_mix(path: Path) -> None:
    """The file is that of the last writer, and whole."""
    contents = [bytes([i]) * 100_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomically(path, content), contents * 4))
    assert path.read_bytes() in contents
    assert list(path.parent.iterdir()) == [path]


@POSIX
def test_file_and_folder_are_on_the_disk_before_it_returns(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file before it is renamed, the folder after."""
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def replaced(*args: Any) -> Any:
        calls.append("replace")
        return replace(*args)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write_atomically(path, b"new")
    assert calls == ["file", "replace", "folder"]


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_open(mask: int, path: Path) -> None:
    before = os.umask(mask)
    try:
        other = path.with_name("other")
        other.open("w").close()
        write_atomically(path, b"new")
        assert path.stat().st_mode == other.stat().st_mode
        for mode in (0o600, 0o640, 0o666):
            path.chmod(mode)
            write_atomically(path, b"newer")
            assert stat.S_IMODE(path.stat().st_mode) == mode
    finally:
        os.umask(before)


@POSIX
def test_links_are_followed(path: Path) -> None:
    (path.parent / "folder").mkdir()
    target = path.parent / "folder" / "target"
    path.symlink_to(target)
    for content in (b"first", b"second"):  # first without a target, then with one
        write_atomically(path, content)
        assert path.is_symlink()
        assert target.read_bytes() == content


def test_a_read_only_file_is_not_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"old")
    path.chmod(0o444)
    if os.access(path, os.W_OK):  # root may write anything
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="file"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_folders_and_devices_are_not_replaced(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IsADirectoryError, match="file"):
        write_atomically(path, b"new")
    if os.name == "posix":
        os.mkfifo(path / "fifo")
        with pytest.raises(OSError, match="Not a regular file"):
            write_atomically(path / "fifo", b"new")
        with pytest.raises(OSError, match="Not a regular file"):
            write_atomically("/dev/null", b"new")


@pytest.mark.parametrize("name", [os.sep, f"new{os.sep}", f".{os.sep}"])
def test_names_of_folders(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for `open`, a name that ends in a separator is a folder, even if it does not exist."""
    monkeypatch.chdir(path.parent)
    with pytest.raises(IsADirectoryError):
        write_atomically(name, b"")
    assert not list(path.parent.iterdir())


def test_a_missing_folder(path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        write_atomically(path / "none" / "model", b"new")
    assert error.value.filename == str(path / "none" / "model")


@POSIX
def test_names_of_the_greatest_length(path: Path) -> None:
    for name in ("x" * 255, "é" * 127):
        write_atomically(path.with_name(name), b"new")
        assert path.with_name(name).read_bytes() == b"new"


class Where:
    """A path-like object other than Path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


@pytest.mark.parametrize("kind", [str, Where, lambda path: path])
def test_paths_of_any_kind(kind: Any, path: Path) -> None:
    model, X = model_of("one target"), sequences()
    model.save(kind(path))
    assert_same(skrnn.load(kind(path)).predict(X), model.predict(X))
    assert_same(skrnn.runtime.load(kind(path)).predict(X), model.predict(X))


def test_a_relative_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    model_of("one target").save("model")
    assert os.listdir() == ["model"]  # noqa: PTH208


def test_a_model_that_cannot_be_saved_keeps_the_old_file(path: Path) -> None:
    model, X = classifier(), sequences()
    model.save(path)
    expected = model.predict_proba(X)
    with pytest.raises(ValueError, match="random_state"):
        model.set_params(random_state=np.random.RandomState(0)).save(path)
    assert_same(skrnn.load(path).predict_proba(X), expected)


@POSIX
def test_a_reader_gets_the_old_or_the_new_file(path: Path) -> None:
    """Also if the file is replaced between its opening and the check of its size."""
    models = [classifier(hidden_size=size) for size in (2, 30)]
    skrnn.save(models[0], path)
    program = (
        "import sys, time, skrnn.runtime\n"
        "end = time.monotonic() + 2\n"
        "while time.monotonic() < end: skrnn.runtime.load(sys.argv[1])"
    )
    reader = subprocess.Popen([sys.executable, "-c", program, str(path)], stderr=subprocess.PIPE)
    while reader.poll() is None:
        for model in models:
            skrnn.save(model, path)
    assert reader.stderr is not None
    assert reader.stderr.read() == b""
    reader.stderr.close()
    assert reader.returncode == 0


def test_a_killed_process_leaves_a_whole_file(path: Path) -> None:
    """At any moment the file is one of two whole ones."""
    contents = {b"a" * 3_000_000, b"b" * 3_000_000}
    program = (
        "import sys, itertools\n"
        "from skrnn._files.atomic import write_atomically\n"
        "for letter in itertools.cycle((b'a', b'b')):\n"
        "    write_atomically(sys.argv[1], letter * 3_000_000)\n"
        "    print('.', flush=True)\n"
    )
    for delay in (0.0, 0.003, 0.011, 0.017):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert path.read_bytes() in contents
        for item in path.parent.iterdir():
            assert item == path or item.suffix == ".tmp"
