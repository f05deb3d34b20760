"""Plots of training and of forecasts, in the style of scikit-learn's display objects.

Needs matplotlib: ``pip install "scikit-rnn[plot]"``.
"""

from __future__ import annotations

from skrnn.plotting._backtest import BacktestDisplay
from skrnn.plotting._forecast import ForecastDisplay
from skrnn.plotting._gradient_flow import GradientFlowDisplay
from skrnn.plotting._training_curve import TrainingCurveDisplay

__all__ = ["BacktestDisplay", "ForecastDisplay", "GradientFlowDisplay", "TrainingCurveDisplay"]
