"""Atomic writing of files."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from errno import EACCES, EINVAL, EISDIR
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace a file atomically, or create it.

    However the process ends, `path` is the old file or the new one, and when this returns the new
    one is on the disk. A process that is killed may leave a temporary file behind, whose name ends
    in ".tmp". Permissions are those that `open` would give: those of the old file, or the default.

    Parameters
    ----------
    path : str or path-like
        A link is followed.
    content : bytes

    Raises
    ------
    OSError
        If the file cannot be written; the message names `path`.
    """
    text = os.fspath(path)
    target = Path(os.path.realpath(path))
    if not target.name or text.endswith(tuple(filter(None, (os.sep, os.altsep)))):
        raise IsADirectoryError(EISDIR, "Is a directory", text)
    # Each writer has a temporary file of its own, in the same folder: from another disk it could
    # not be renamed atomically. The name is shortened, since it may have the greatest allowed
    # length.
    partial = target.with_name(f".{target.name[:40]}.{uuid.uuid4().hex}.tmp")
    try:
        mode = _mode_of(target)
        try:
            with partial.open("xb") as file:
                if mode is not None and mode != stat.S_IMODE(os.fstat(file.fileno()).st_mode):
                    partial.chmod(mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def _mode_of(target: Path) -> int | None:
    """Return the permissions of a file, or None if it does not exist."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, "Is a directory")
    if not stat.S_ISREG(mode):
        raise OSError(EINVAL, "Not a regular file, and would be replaced by one")
    if not os.access(target, os.W_OK):
        raise PermissionError(EACCES, "Permission denied")
    return stat.S_IMODE(mode)


def _sync_folder(folder: Path) -> None:
    """Flush the new name of the file to the disk, if the system can."""
    if os.name != "posix":
        return
    # Some network file systems cannot, and some folders are writable but not readable.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
