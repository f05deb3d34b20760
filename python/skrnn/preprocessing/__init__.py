"""From what people measure and write to what a network reads.

`PerStep` lends scikit-learn's transformers to sequences, `TokenEncoder` numbers words, characters
and events, and `SlidingWindows` cuts long series into cases.
"""

from __future__ import annotations

from skrnn.preprocessing._per_step import PerStep
from skrnn.preprocessing._sliding_windows import SlidingWindows
from skrnn.preprocessing._token_encoder import TokenEncoder

__all__ = ["PerStep", "SlidingWindows", "TokenEncoder"]
