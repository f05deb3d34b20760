"""Fail where an instruction set's object file defines a weak symbol that another unit may define.

Inline functions and templates are weak symbols: of several units that define one the linker keeps
any. If that one was compiled for AVX-512, the baseline path crashes on a CPU without it. A weak
symbol is harmless where its name holds a namespace that no other unit uses: ``skrnn::avx512``, or
``EigenAvx512``, to which that unit renames ``Eigen``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

WEAK = "VvWwu"  # as nm prints them: weak object, weak symbol, unique global symbol


def offenders(nm_output: str, isa: str) -> list[str]:
    """Weak symbols of one object file whose name is not the instruction set's own.

    Parameters
    ----------
    nm_output : str
        What ``nm --defined-only --format=posix`` prints: a line a symbol, its name and its type.
    isa : str
        The namespace of the unit in ``skrnn``, such as ``"avx2"``.

    Returns
    -------
    list of str
        Mangled names.
    """
    own = re.compile(rf"5skrnn{len(isa)}{isa}|{len(isa) + 5}Eigen{isa.capitalize()}")
    symbols = (line.split()[:2] for line in nm_output.splitlines() if line.strip())
    return [name for name, kind in symbols if kind in WEAK and not own.search(name)]


def main(argv: list[str] | None = None) -> int:
    """Check the object files named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nm", default="nm", help="the nm to run")
    parser.add_argument("isa", help="namespace of the unit: baseline, avx2, avx512, neon")
    parser.add_argument("objects", nargs="+", help="object files")
    options = parser.parse_args(argv)

    failed = False
    for path in options.objects:
        command = [options.nm, "--defined-only", "--format=posix", path]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for name in offenders(listing, options.isa):
            print(f"{path}: weak symbol outside the namespaces of {options.isa}: {name}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
