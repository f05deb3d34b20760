"""The gradient-flow display: how far back in time the loss reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skrnn._serving.forecasts import MakesForecasts
from skrnn.plotting._axes import axes_or_new
from skrnn.plotting._estimators import final_estimator, input_of_final

ALIGNS = ("end", "start")


class GradientFlowDisplay:
    """The norm of dL/dh_t against t: gradients that vanish or explode on their way back in time.

    A plain RNN multiplies the gradient by its recurrent weights, and by slopes of at most one, at
    every step, so it shrinks or grows exponentially with the distance from the end (Bengio, Simard
    & Frasconi, IEEE Transactions on Neural Networks 5, 1994): a straight line in the plot. LSTM and
    GRU also pass it on by a sum weighted by a gate for each unit (Hochreiter & Schmidhuber, Neural
    Computation 9, 1997; Gers, Schmidhuber & Cummins, Neural Computation 12, 2000). An open gate
    passes all of it, whatever the recurrent weights are; but gates have to learn to open. With the
    initial values of the estimators, the LSTM's gate passes 73 % at each step, and the gradient
    fades in every cell: least in the LSTM, and in the GRU, whose reset gate halves the gradient
    through the recurrent weights, more than in an RNN with its orthogonal weights. The line of an
    estimator that has learned to remember is level.

    Make it with `from_estimator`.

    Parameters
    ----------
    norms : dict of str to array of shape (T,)
        For each line, the mean over sequences of the norm of the loss's gradient by the state h
        after step t (of an LSTM with its cells c as they are). T is the longest length.
    align : {"end", "start"}, default="end"
        The step at which sequences of different lengths are aligned: the last of `norms`, or the
        first.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes drawn on.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : list of matplotlib Line2D
        One for each of `norms`.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.plotting import GradientFlowDisplay
    >>> X = np.random.default_rng(0).normal(size=(40, 50))
    >>> y = X[:, 0]
    >>> models = {
    ...     cell: RNNRegressor(cell, hidden_size=8, max_iter=1, random_state=0).fit(X, y)
    ...     for cell in ("rnn", "lstm", "gru")
    ... }
    >>> display = GradientFlowDisplay.from_estimator(models, X, y)
    >>> [line.get_label() for line in display.lines_]
    ['rnn', 'lstm', 'gru']
    """

    def __init__(self, norms: Mapping[str, NDArray[np.float64]], *, align: str = "end") -> None:
        self.norms = norms
        self.align = align

    @classmethod
    def from_estimator(
        cls,
        estimators: Any,
        X: Any,
        y: Any = None,
        *,
        layer: int = 0,
        reverse: bool = False,
        align: str | None = None,
        ax: Any = None,
        **options: Any,
    ) -> GradientFlowDisplay:
        """Draw the gradient flow of one fitted estimator, or of several side by side.

        Parameters
        ----------
        estimators : estimator, Pipeline or search, or dict of str to such
            Fitted; a pipeline ends in an estimator of skrnn, which X reaches through the steps
            before it. Of a search, the best estimator. Of a dict, each is a line, labelled by its
            key.
        X : sequences of shape (n,)
            As in fit.
        y : array-like, optional
            Targets, as in fit. Only a language model has none.
        layer : int, default=0
            Which layer's states; 0 is the first.
        reverse : bool, default=False
            Whether to look at the layer that reads from the end, of a bidirectional estimator.
        align : {"end", "start"}, optional
            The step from which steps of sequences of different lengths are counted. None is the
            step that is read last, "end" or, with `reverse`, "start": from there the gradient goes
            back through the same number of steps in each.
        ax : matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the lines, as ``linewidth=1``.

        Returns
        -------
        display : GradientFlowDisplay

        Raises
        ------
        TypeError
            For another estimator.
        NotFittedError
            If an estimator is not fitted.
        ValueError
            For a layer or a direction that an estimator does not have, and another `align`.
        ImportError
            If matplotlib is not installed.
        """
        if align is None:
            align = "start" if reverse else "end"
        if align not in ALIGNS:
            raise ValueError(f"align={align!r}; expected one of {', '.join(map(repr, ALIGNS))}")
        if not isinstance(estimators, Mapping):
            final: Any = final_estimator(estimators)
            estimators = {final.cell: estimators}
        norms = {
            str(name): _mean_norms(estimator, X, y, layer, reverse, align)
            for name, estimator in estimators.items()
        }
        return cls(norms, align=align).plot(ax=ax, **options)

    def plot(self, *, ax: Any = None, **options: Any) -> GradientFlowDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; None makes a figure.
        **options : dict
            For the lines.

        Returns
        -------
        self : GradientFlowDisplay
        """
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        self.lines_ = []
        for name, norms in self.norms.items():
            # A logarithmic axis cannot show a norm of zero.
            shown = np.where(norms > 0, norms, np.nan)
            steps = np.arange(len(norms)) - (len(norms) - 1 if self.align == "end" else 0)
            self.lines_ += self.ax_.plot(steps, shown, **({"label": name} | options))
        self.ax_.set(
            xlabel="step t, the last is 0" if self.align == "end" else "step t, the first is 0",
            ylabel=r"mean of $\|\partial L / \partial h_t\|$",
            yscale="log",
            title="Gradient flow",
        )
        self.ax_.legend()
        return self


def _mean_norms(
    model: Any, X: Any, y: Any, layer: int, reverse: bool, align: str
) -> NDArray[np.float64]:
    """Return the mean over sequences of |dL/dh_t|, L being the loss of one sequence, for each t."""
    estimator: Any = final_estimator(model)
    name = type(estimator).__name__
    if isinstance(estimator, MakesForecasts):
        raise TypeError(f"the gradient flow is drawn of estimators of sequences; got {estimator!r}")
    if not 0 <= layer < estimator.num_layers:
        raise ValueError(
            f"layer={layer}, but this {name} has num_layers={estimator.num_layers}: expected "
            f"0..{estimator.num_layers - 1}"
        )
    # A language model has no such parameter: it reads what stands before a token.
    bidirectional = getattr(estimator, "bidirectional", False)
    if reverse and not bidirectional:
        raise ValueError(f"reverse=True, but this {name} is not bidirectional")
    norms, offsets = estimator._state_gradient_norms(input_of_final(model, X), y)
    row = norms[layer * (2 if bidirectional else 1) + int(reverse)]
    lengths = np.diff(offsets)
    longest = lengths.max()
    starts = longest - lengths if align == "end" else np.zeros_like(lengths)
    at = np.arange(longest)[None, :]
    padded = np.full((len(lengths), longest), np.nan)
    padded[(at >= starts[:, None]) & (at < (starts + lengths)[:, None])] = row
    return np.asarray(np.nanmean(padded, axis=0))
