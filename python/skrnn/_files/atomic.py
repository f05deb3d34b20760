"""Files that are there as a whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from errno import EACCES, EINVAL, EISDIR
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file in place of what was there, all of it or nothing.

    Whatever ends the process, `path` is the old file or the new one, and on the disk when this
    returns. Only a process that is killed leaves the file behind that it was writing; its name ends
    in ".tmp". Permissions are those that `open` would give: of the file that was there, or the
    default.

    Parameters
    ----------
    path : str or path-like
        A link is followed.
    content : bytes

    Raises
    ------
    OSError
        Where the file cannot be written; it names `path`.
    """
    text = os.fspath(path)
    target = Path(os.path.realpath(path))
    if not target.name or text.endswith(tuple(filter(None, (os.sep, os.altsep)))):
        raise IsADirectoryError(EISDIR, "Is a directory", text)
    # Each writer has a file of its own, in the same folder: on another disk it could not be
    # renamed at one stroke. The name may already be as long as names can be.
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
    """Return the permissions of a file, or None where there is none."""
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
    """Write down the new name, where the system can."""
    if os.name != "posix":
        return
    # Some network file systems cannot, and some folders may be written and not read.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
