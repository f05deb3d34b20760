"""Scores of ragged predictions: of labels at every step, of sequences of symbols, of forecasts.

`token_accuracy`, `f1_macro` and `f1_micro` score labels, `entity_f1` and `entity_scores` the
entities that labels such as "B-PER" make, as conlleval and seqeval count them, and
`symbol_error_rate` sequences whose lengths differ from the true ones. `smape`, `mase` and `owa`
score forecasts of series, `pinball_loss` predicted quantiles, and `coverage` intervals.

`sklearn.metrics.make_scorer` makes scorers of them, for cross-validation and searches:

>>> from sklearn.metrics import make_scorer
>>> from sklearn.model_selection import cross_val_score
>>> from skrnn import RNNTagger
>>> from skrnn.metrics import entity_f1
>>> X = [["Ada", "met", "Bob"], ["yes"], ["then", "Bob", "slept"], ["we", "saw", "Eve"]] * 5
>>> y = [["B-PER", "O", "B-PER"], ["O"], ["O", "B-PER", "O"], ["O", "O", "B-PER"]] * 5
>>> model = RNNTagger(hidden_size=8, characters=True, random_state=0)
>>> cross_val_score(model, X, y, scoring=make_scorer(entity_f1), cv=2)
array([1., 1.])

The keywords of a score are those of `make_scorer`: ``make_scorer(entity_f1, scheme="bio")``, and
``make_scorer(symbol_error_rate, greater_is_better=False)`` for the rate of errors.
"""

from __future__ import annotations

from skrnn.metrics._entities import entity_f1, entity_scores
from skrnn.metrics._forecasts import coverage, mase, owa, pinball_loss, smape
from skrnn.metrics._labels import f1_macro, f1_micro, token_accuracy
from skrnn.metrics._symbol_error_rate import symbol_error_rate

__all__ = [
    "coverage",
    "entity_f1",
    "entity_scores",
    "f1_macro",
    "f1_micro",
    "mase",
    "owa",
    "pinball_loss",
    "smape",
    "symbol_error_rate",
    "token_accuracy",
]
