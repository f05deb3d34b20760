"""Check that an extension module built here uses nothing beyond manylinux_2_28.

A linker binds each symbol to its newest version, so a module needs a C library as new as that of
the machine it was built on. The check is that an older version of the symbol exists: built in the
manylinux_2_28 image, the same sources then require only glibc 2.28. A newer libstdc++ is accepted,
because the compilers of that image link the symbols that the system's lacks into the module.
"""

from __future__ import annotations

import re
import subprocess
import sys

OLDEST = (2, 28)
# Names that newer headers substitute for others.
RENAMED = re.compile(r"__libc_single_threaded|__isoc23_\w+")

Versions = dict[str, set[tuple[int, ...]]]


def versions(path: str, *, wanted: bool) -> Versions:
    """Versions of glibc of each symbol that a library needs, or that it defines."""
    listing = subprocess.run(["objdump", "-T", path], check=True, capture_output=True, text=True)
    found: Versions = {}
    for line in listing.stdout.splitlines():
        symbol = re.search(r"\(?GLIBC_([0-9.]+)\)?\s+(\S+)$", line)
        if symbol is not None and ("*UND*" in line) == wanted:
            version = tuple(int(part) for part in symbol[1].split("."))
            found.setdefault(symbol[2], set()).add(version)
    return found


def main(module: str) -> int:
    """Print the module's newer symbols; return the exit status."""
    listing = subprocess.run(["ldd", module], check=True, capture_output=True, text=True).stdout
    defined: Versions = {}
    for library in re.findall(r"/\S+/lib[cm]\.so\.6", listing):
        for name, offered in versions(library, wanted=False).items():
            defined.setdefault(name, set()).update(offered)

    failed = False
    for name, bound in sorted(versions(module, wanted=True).items()):
        newest = max(bound)
        if newest <= OLDEST:
            continue
        older = RENAMED.fullmatch(name) or any(v <= OLDEST for v in defined.get(name, ()))
        failed |= not older
        verdict = "2.28 has it, too" if older else "error, 2.28 does not have it"
        print(f"{name} of glibc {newest[0]}.{newest[1]}: {verdict}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
