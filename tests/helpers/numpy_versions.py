"""Features of NumPy that depend on its version."""

from __future__ import annotations

import numpy as np

# Strings of variable width came with NumPy 2, and numpy.dtypes itself with 1.25.
HAS_STRING_DTYPE = hasattr(getattr(np, "dtypes", None), "StringDType")

# NumPy 1.24 makes arrays from DLPack read-only, and NumPy 2.4 does not.
DLPACK_IS_WRITEABLE = np.from_dlpack(np.zeros(1)).flags.writeable
