"""Forecasts that follow each observation as it arrives; NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._series.fitted import Fitted
from skrnn._series.forecasting import Forecaster
from skrnn._series.forms import check_numbers
from skrnn._series.numbers import as_floats
from skrnn._series.panel import Panel, filled


class ForecastStream:
    """A forecaster that reads the series of its fit on, number by number.

    Made by the `stream` method of forecasters.

    Attributes
    ----------
    horizon : int
        Steps of each forecast, h.
    """

    def __init__(self, forecaster: Forecaster, fitted: Fitted) -> None:
        if fitted.covariates.count:
            raise ValueError(
                "a forecaster with covariates cannot be streamed; pass the series so far, and "
                "exog, to predict"
            )
        self._forecaster, self._fitted = forecaster, fitted
        self._values: list[NDArray[np.float64]] = []
        self.horizon = fitted.plan.horizon
        self.reset()

    @property
    def state(self) -> list[NDArray[np.float64]]:
        """The numbers of each series that forecasts depend on; copies."""
        return [x.copy() for x in self._values]

    @state.setter
    def state(self, values: list[NDArray[np.float64]]) -> None:
        if len(values) != len(self._values):
            raise ValueError(
                f"state has {len(values)} series; expected {len(self._values)}, those of fit"
            )
        arrays = [as_floats(x, "state") for x in values]
        for x in arrays:
            if x.ndim != 1 or len(x) == 0:
                raise ValueError(f"state has a series of shape {x.shape}; expected (T,)")
            check_numbers(x, "a series of state", False, "expected finite numbers")
        self._values = [x.copy() for x in arrays]

    def reset(self) -> None:
        """Go back to the end of the series of fit."""
        self._values = [filled(x).copy() for x in self._fitted.histories.values]

    def step(self, y_t: Any) -> NDArray[np.float64]:
        """Read the next number of each series; return the forecast of what follows.

        Parameters
        ----------
        y_t : float, or array-like of shape (n,)
            NaN is a number that nobody observed, with ``missing="fill"``.

        Returns
        -------
        forecast : array of shape (h,), or (n, h) for several series

        Raises
        ------
        TypeError, ValueError
            For another shape, and for what is no number.
        """
        numbers = np.atleast_1d(as_floats(y_t, "y_t"))
        if numbers.shape != (len(self._values),):
            raise ValueError(
                f"y_t has shape {numbers.shape}; expected a number for each of "
                f"{len(self._values)} series"
            )
        return self._read(numbers[:, None], "y_t")

    def process(self, block: Any) -> NDArray[np.float64]:
        """Read several numbers of each series; return the forecast after the last.

        Parameters
        ----------
        block : array-like of shape (T,), or (n, T)

        Returns
        -------
        forecast : array of shape (h,), or (n, h) for several series

        Raises
        ------
        TypeError, ValueError
            As `step`; nothing is read then.
        """
        numbers = np.atleast_2d(as_floats(block, "block"))
        if numbers.ndim != 2 or len(numbers) != len(self._values):
            raise ValueError(
                f"block has shape {np.shape(block)}; expected the numbers of each of "
                f"{len(self._values)} series"
            )
        return self._read(numbers, "block")

    def _read(self, block: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        """Read numbers of each series, (n, T); return the forecast after the last."""
        known = np.where(np.isnan(block), 0, block) if self._fitted.missing else block
        check_numbers(known.T, name, False, "expected finite numbers")
        past = self._fitted.plan.past
        # The last number stands for one that nobody observed.
        whole = [filled(np.concatenate(pair)) for pair in zip(self._values, block, strict=True)]
        self._values = [x[max(0, len(x) - past) :].copy() for x in whole]
        return self.forecast()

    def forecast(self) -> NDArray[np.float64]:
        """Return the forecast of what follows the numbers read so far."""
        forecaster = self._forecaster
        panel = Panel.of(self._values)
        values = forecaster.forecast(panel, self._fitted.facts, self.horizon).values
        points = values[..., forecaster.middle]
        return np.asarray(points[0] if self._fitted.form.is_one else points)
