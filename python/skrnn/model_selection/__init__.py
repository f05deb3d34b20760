"""Model selection: splits of series by time, for scikit-learn's searches."""

from __future__ import annotations

from skrnn.model_selection._rolling_origin import RollingOriginSplit

__all__ = ["RollingOriginSplit"]
