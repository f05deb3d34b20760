"""The predictor of a saved forecaster; NumPy only."""

from __future__ import annotations

from skrnn._series.fitted import Fitted
from skrnn._series.forecasting import Forecaster
from skrnn._serving.forecasts import MakesForecasts
from skrnn.runtime._predictor import Predictor


class ForecastPredictor(MakesForecasts, Predictor):  # type: ignore[misc]  # predicts series
    """A saved forecaster: forecasts, intervals, quantiles, sample paths and streams.

    The results are those of the saved estimator, the same bits. It has the series of fit, and goes
    on from others, too. pandas or polars is needed only for forecasts of their data frames.
    """

    def _forecaster(self) -> tuple[Forecaster, Fitted]:
        fitted, loss = self._description.forecaster, self._description.fields.fields("loss")
        assert fitted is not None
        options = loss.fields("options").value
        return fitted.forecaster(self._model, loss.get("name"), options, self._n_jobs), fitted
