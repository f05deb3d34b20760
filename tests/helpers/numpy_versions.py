"""What NumPy has from some version on."""

from __future__ import annotations

import numpy as np

# Strings of variable width came with NumPy 2, and numpy.dtypes itself with 1.25.
HAS_STRING_DTYPE = hasattr(getattr(np, "dtypes", None), "StringDType")
