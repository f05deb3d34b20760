"""Parameters, attributes and methods that estimators share are the same in all of them.

scikit-learn reads signatures, and people read docstrings, so both are written out in each class.
Every difference has to be in a table here, with its reason.
"""

from __future__ import annotations

import inspect
import re
from itertools import combinations, pairwise
from typing import Any

import pytest

from skrnn._estimators.loading import ESTIMATORS

# Parameters that not every estimator has.
ONLY_SOME = {
    "window": "windows of series are reconstructed",
    "delay": "a step is in several windows",
    "contamination": "there are outliers",
    "calendar": "steps have times",
    "calibration": "series go on, and errors at their ends say how far to trust forecasts",
    "columns": "series come in long data frames",
    "horizon": "steps to come are forecast",
    "lookback": "windows of series are read",
    "missing": "steps that nobody observed are read as the last that was",
    "scaling": "series have units of their own",
    "seasonal_lags": "series have seasons",
    "seasonality": "series have seasons",
    "segment_length": "several numbers of a series are read at once",
    "strategy": "steps to come are forecast one by one, or at once",
    "embedding_size": "there may be tokens",
    "min_frequency": "there may be tokens",
    "tbptt": "sequences may be long, and windows are not",
    "analyzer": "texts are split into tokens",
    "bidirectional": "later steps may be read",
    "class_weight": "there are classes",
    "scoring": "there are targets that scorers know",
    "standardize": "there are channels",
    "tie_weights": "tokens are read and predicted",
    "pooling": "there is one answer a sequence",
    "loss": "there is a choice of losses",
    "quantiles": "there is a loss of quantiles",
    "delta": "there is a huber loss",
    "characters": "words are labelled one by one",
    "character_embedding_size": "words are labelled one by one",
    "character_hidden_size": "words are labelled one by one",
    "input_dropout": "words are labelled one by one, by what is known of each",
    "word_dropout": "words are labelled one by one, also unknown ones",
    "crf": "there are labels of steps",
    "scheme": "there are labels of steps",
}

# Of a parameter: the parts that may differ (default, entry, rule), and the reason.
DIFFERENT: dict[str, tuple[set[str], str]] = {
    "missing": ({"entry"}, "times may be left out, and errors are no targets"),
    "segment_length": ({"default", "entry", "rule"}, "a forecaster has some for each strategy"),
    "delta": ({"entry"}, "numbers of series are in the scale of a window"),
    "dropout": ({"default", "entry"}, "each has the best one of bench/defaults"),
    "early_stopping": ({"entry"}, "ends of series are held out"),
    "learning_rate_init": ({"default", "entry"}, "each has the best one of bench/defaults"),
    "batch_size": ({"default", "entry"}, "one text is cut into so many streams"),
    "cell": ({"default", "entry"}, "each has the best one of its measurements"),
    "embedding_size": ({"entry", "rule"}, "language models have no channels"),
    "hidden_size": ({"default", "entry"}, "texts have more to learn, and read in one direction"),
    "max_iter": ({"entry"}, "language models train longer"),
    "min_frequency": ({"entry"}, "language models read characters, too"),
    "loss": ({"default", "entry", "rule"}, "classes, numbers and windows have other losses"),
    "pooling": ({"default", "entry"}, "each has the best one of bench/defaults"),
    "bidirectional": ({"default", "entry"}, "labels of steps depend on later steps, too"),
    "tbptt": ({"default", "entry"}, "answers at every step need no pooling, and texts are long"),
    "class_weight": ({"entry"}, "a CRF learns all labels of a sequence together"),
    "validation_fraction": ({"entry"}, "many labels have no strata, and one text an end"),
}

# Attributes, and parameters of methods, whose entries differ, with the reason.
DIFFERENT_ENTRIES = {
    "attribute validation_scores_": "ends of series have a loss, and no scorer",
    "stream return stream": "a forecaster's stream begins where the series of fit end",
    "fit X": "language models read texts, whose targets are their own tokens",
    "fit X_val": "language models read texts, whose targets are their own tokens",
    "fit y": "language models read texts, whose targets are their own tokens",
    "partial_fit X": "language models read texts, whose targets are their own tokens",
    "score X": "language models read texts, whose targets are their own tokens",
    "attribute n_features_in_": "language models have no channels",
    "predict X": "language models read the beginnings of texts",
    "predict_proba X": "language models read the beginnings of texts",
    "predict_log_proba X": "language models read the beginnings of texts",
    "predict_log_proba return log_probabilities": "of steps, tokens, or marginals",
    "predict_proba return probabilities": "language models answer for the next token alone",
    "attribute loss_curve_": "numbers are standardised for training",
    "attribute classes_": "a step has one label, a sequence one or several",
    "score y": "labels, or numbers",
    "score return score": "accuracy, or what the loss suggests",
    "partial_fit y": "classes, or numbers of which the first ones set the scale",
    "partial_fit sample_weight": "classes have weights, too",
    "generate prefix": "steps, or texts",
    "generate random_state": "of draws of numbers, or of tokens",
    "attribute params_": "a CRF has parameters of its own",
    "predict return y": "a class, or numbers",
}

# Parameters of methods that only some estimators need, with the reason.
OPTIONAL = {
    ("fit", "y"): "the targets of texts are their own tokens",
    ("partial_fit", "y"): "the targets of texts are their own tokens",
}

KINDS = list(ESTIMATORS.values())


def sections(documented: Any) -> dict[str, dict[str, str]]:
    """Entries of a numpydoc docstring, by section and by name: the type and the text."""
    lines = inspect.getdoc(documented).splitlines()
    heads = [i for i, line in enumerate(lines) if re.fullmatch("-{3,}", line)]
    found: dict[str, dict[str, str]] = {}
    for start, stop in pairwise([*heads, len(lines) + 1]):
        entries = found.setdefault(lines[start - 1], {})
        names: list[str] = []
        for line in lines[start + 1 : stop - 1]:
            if line and not line.startswith(" "):
                names = line.partition(" : ")[0].split(", ")
                entries.update(dict.fromkeys(names, line.partition(" : ")[2]))
            else:
                for name in names:
                    entries[name] += "\n" + line
    return {
        title: {name: text.rstrip() for name, text in entries.items()}
        for title, entries in found.items()
    }


def parameters(kind: type[Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(kind).parameters)


def differing(values: dict[str, Any]) -> bool:
    """Whether some values, one per estimator, differ."""
    return len({repr(value) for value in values.values()}) > 1


ALL = sorted({name for kind in KINDS for name in parameters(kind)})


def test_parameters_of_each_estimator() -> None:
    some = {name for name in ALL if not all(name in parameters(kind) for kind in KINDS)}
    assert some == ONLY_SOME.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_each_parameter_has_an_entry_and_a_rule(kind: type[Any]) -> None:
    entries = sections(kind)["Parameters"]
    assert list(entries) == list(parameters(kind))
    assert kind._rules.keys() == parameters(kind).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_names_the_default(kind: type[Any]) -> None:
    entries = sections(kind)["Parameters"]
    for name, parameter in parameters(kind).items():
        head = entries[name].partition("\n")[0]
        default = str(parameter.default).replace("'", '"')
        quoted = f'"{default}"' if isinstance(parameter.default, str) else default
        optional = parameter.default is None and head.endswith(", optional")
        as_float = re.search("default=(.*)$", head)
        same = as_float is not None and as_float[1] == quoted
        number = isinstance(parameter.default, float) and as_float is not None
        assert optional or same or (number and float(as_float[1]) == parameter.default), name


def test_parameters_come_in_one_order() -> None:
    for one, other in combinations(KINDS, 2):
        mine, others = parameters(one), parameters(other)
        assert [name for name in mine if name in others] == [
            name for name in others if name in mine
        ]


@pytest.mark.parametrize("name", ALL)
def test_a_parameter_is_the_same_everywhere(name: str) -> None:
    have = [kind for kind in KINDS if name in parameters(kind)]
    signatures = {kind.__name__: parameters(kind)[name] for kind in have}
    assert not differing({k: p.kind for k, p in signatures.items()})
    assert not differing({k: p.annotation.split(" | None")[0] for k, p in signatures.items()})
    found = {
        "default": {k: p.default for k, p in signatures.items()},
        "entry": {kind.__name__: sections(kind)["Parameters"][name] for kind in have},
        "rule": {k.__name__: (k._rules[name].expected, sorted(k._rules[name].names)) for k in have},
    }
    different, _ = DIFFERENT.get(name, (set(), ""))
    assert {what for what, values in found.items() if differing(values)} == different


def entries() -> dict[str, dict[str, str]]:
    """Entries of attributes, and of parameters and results of methods, each by estimator."""
    found: dict[str, dict[str, str]] = {}

    def add(name: str, kind: type[Any], text: str) -> None:
        found.setdefault(name, {})[kind.__name__] = text

    for kind in KINDS:
        for name, text in sections(kind)["Attributes"].items():
            add(f"attribute {name}", kind, text)
        for method, function in inspect.getmembers(kind, inspect.isfunction):
            if method.startswith("_") or not function.__module__.startswith("skrnn."):
                continue
            documented = sections(function)
            for name, text in documented.get("Parameters", {}).items():
                add(f"{method} {name}", kind, text)
            for name, text in documented.get("Returns", {}).items():
                add(f"{method} return {name}", kind, text)
    return found


def test_attributes_and_methods_have_the_same_entries() -> None:
    assert {name for name, texts in entries().items() if differing(texts)} == {*DIFFERENT_ENTRIES}


def test_methods_have_the_same_signatures() -> None:
    for one, other in combinations(KINDS, 2):
        for method in {"fit", "partial_fit", "predict", "stream", "save"}:
            if not (hasattr(one, method) and hasattr(other, method)):
                continue
            mine = inspect.signature(getattr(one, method)).parameters
            others = inspect.signature(getattr(other, method)).parameters
            shared = [name for name in mine if name in others]
            assert shared == [name for name in others if name in mine]
            for name in shared:
                if (method, name) in OPTIONAL:
                    continue
                assert (mine[name].default, mine[name].kind) == (
                    others[name].default,
                    others[name].kind,
                )
