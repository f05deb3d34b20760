"""Preprocessing: measurements, texts and long series to the input of a network.

`PerStep` applies scikit-learn's transformers to sequences, `TokenEncoder` numbers words, characters
and events, and `SlidingWindows` cuts long series into cases.
"""

from __future__ import annotations

from skrnn.preprocessing._per_step import PerStep
from skrnn.preprocessing._sliding_windows import SlidingWindows
from skrnn.preprocessing._token_encoder import TokenEncoder

__all__ = ["PerStep", "SlidingWindows", "TokenEncoder"]
