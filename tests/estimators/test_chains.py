"""RNNTagger with a CRF: what labels of a whole sequence are worth, and what a scheme forbids."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from cases import assert_same_bits
from reference.linear_chain import LinearChain
from skrnn import RNNTagger
from skrnn._targets.schemes import transitions_of
from skrnn.metrics import entity_f1

QUICK: dict[str, Any] = {"hidden_size": 5, "max_iter": 3, "random_state": 0, "n_jobs": 1}
LABELS = np.array(["a", "b", "c"])
TO = np.array([[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.1, 0.0, 0.9]])  # of labels, row to column
EMITS = np.array([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7]])  # symbols of labels


def hidden_markov_chain(n: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Symbols, as three channels of 0 and 1, and the hidden labels that emit them."""
    rng = np.random.default_rng(seed)
    X, y = [], []
    for length in rng.integers(10, 30, n):
        states = [int(rng.integers(3))]
        while len(states) < length:
            states.append(int(rng.choice(3, p=TO[states[-1]])))
        X.append(np.eye(3)[[rng.choice(3, p=EMITS[state]) for state in states]])
        y.append(LABELS[states])
    return X, y


def accuracy(true: Any, labels: Any) -> float:
    return float(np.mean(np.concatenate(true) == np.concatenate(labels)))


def impossible(labels: Any) -> int:
    """How many neighbours a hidden Markov chain never has."""
    codes = [np.searchsorted(LABELS, one) for one in labels]
    return sum(int((TO[code[:-1], code[1:]] == 0).sum()) for code in codes)


def emissions_of(model: RNNTagger, X: Any) -> Any:
    return model._decoded_outputs(X, np.asarray)


def chain_of(model: RNNTagger) -> LinearChain:
    names = ("transitions", "start", "end")
    return LinearChain(*(model.params_[f"crf.{name}"].astype(np.float64) for name in names))


def test_it_reaches_the_best_paths_of_a_hidden_markov_chain() -> None:
    """Independent labels are next to one another as they never are; those of a chain are not."""
    X, y = hidden_markov_chain(400, seed=0)
    X_new, y_new = hidden_markov_chain(200, seed=1)
    with np.errstate(divide="ignore"):
        truth = LinearChain(np.maximum(np.log(TO), -1e4), np.zeros(3), np.zeros(3))
        scores = [np.log(EMITS.T)[x.argmax(axis=1)] for x in X_new]
    best = accuracy(y_new, [LABELS[truth.best_path(e)] for e in scores])
    settings = {"bidirectional": False, "hidden_size": 3, "random_state": 0, "max_iter": 30}
    chain = RNNTagger("rnn", crf=True, learning_rate_init=0.03, **settings).fit(X, y)
    single = RNNTagger("rnn", learning_rate_init=0.03, **settings).fit(X, y)
    assert chain.score(X_new, y_new) > best - 0.01
    assert chain.score(X_new, y_new) > single.score(X_new, y_new) + 0.05
    assert impossible(chain.predict(X_new)) < 10
    assert impossible(single.predict(X_new)) > 100
    # It learns what never happens.
    between = chain.params_["crf.transitions"]
    assert (between[TO == 0] < between[TO == 0.9].min() - 2).all()


def test_predictions_are_those_of_the_twin() -> None:
    X, y = hidden_markov_chain(30, seed=2)
    model = RNNTagger(crf=True, **QUICK).fit(X, y)
    chain = chain_of(model)
    labels, marginals, logs = model.predict(X), model.predict_proba(X), model.predict_log_proba(X)
    for i, e in enumerate(emissions_of(model, X)):
        assert labels[i].tolist() == LABELS[chain.best_path(e)].tolist()
        np.testing.assert_allclose(marginals[i], chain.marginals(e), rtol=1e-8, atol=1e-12)
        assert_same_bits(logs[i], np.log(marginals[i]))
    short = [x[:4] for x in X[:5]]
    for paths, e in zip(model.n_best(short, 2**31 - 1), emissions_of(model, short), strict=True):
        assert len(paths) == 3**4
        for (found, log_probability), expected in zip(paths, chain.ranked_paths(e), strict=True):
            assert found.tolist() == LABELS[list(expected)].tolist()
            assert log_probability == pytest.approx(-chain.loss(e, expected), rel=1e-8, abs=1e-10)
    for paths, expected in zip(model.n_best(X, 2), labels, strict=True):
        assert_same_bits(paths[0][0], expected)


@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("scheme", ["bio", "bioes"])
def test_a_scheme_is_kept_whatever_training_does(scheme: str, solver: str) -> None:
    """Labels at random places that keep to the scheme, and input that tells nothing of them."""
    rng = np.random.default_rng(0)
    entity = {
        "bio": lambda kind, size: [f"B-{kind}", *[f"I-{kind}"] * (size - 1)],
        "bioes": lambda kind, size: (
            [f"S-{kind}"] if size == 1 else [f"B-{kind}", *[f"I-{kind}"] * (size - 2), f"E-{kind}"]
        ),
    }[scheme]
    y = [
        list(
            itertools.chain.from_iterable(
                ["O"] if rng.random() < 0.5 else entity(rng.choice(["PER", "LOC"]), size)
                for size in rng.integers(1, 4, 6)
            )
        )
        for _ in range(60)
    ]
    X = [rng.normal(size=(len(labels), 2)) for labels in y]
    settings = {"crf": True, "solver": solver, "alpha": 0.1, "learning_rate_init": 0.05} | QUICK
    model = RNNTagger(scheme=scheme, warm_start=True, **settings).fit(X, y)
    model.fit(X, y).partial_fit(X, y)
    allowed = transitions_of(model.classes_, scheme)
    assert (model.params_["crf.transitions"] == -10_000)[~allowed.between].all()
    assert (model.params_["crf.transitions"] > -100)[allowed.between].all()
    assert ((model.params_["crf.start"] == -10_000) == ~allowed.start).all()
    assert ((model.params_["crf.end"] == -10_000) == ~allowed.end).all()
    new = [10 * rng.normal(size=(t, 2)) for t in (1, 1, 2, 3, 300)]
    for labels, marginals in zip(model.predict(new), model.predict_proba(new), strict=True):
        codes = np.searchsorted(model.classes_, labels)
        assert allowed.start[codes[0]]
        assert allowed.end[codes[-1]]
        assert allowed.between[codes[:-1], codes[1:]].all()
        assert (marginals[0][~allowed.start] == 0).all()
        np.testing.assert_allclose(marginals.sum(axis=1), 1, rtol=1e-12)
    paths = model.n_best(new[:1], 100)[0]
    assert len(paths) == int((allowed.start & allowed.end).sum())
    assert sum(np.exp(score) for _, score in paths) == pytest.approx(1)
    # Entities are the same, read strictly or as conlleval reads them.
    assert entity_f1(y, model.predict(X), scheme=scheme) == entity_f1(y, model.predict(X))


def test_where_no_path_is_allowed_the_best_is_returned() -> None:
    """Entities of two steps only, and a sequence of one."""
    X = [np.ones((2, 1))] * 8
    model = RNNTagger(crf=True, scheme="bioes", **QUICK).fit(X, [["B-X", "E-X"]] * 8)
    [paths] = model.n_best([np.ones((1, 1))], 5)
    assert len(paths) == 1
    assert paths[0][0].tolist() == model.predict([np.ones((1, 1))])[0].tolist()


def test_one_label_and_lengths_of_1_and_300() -> None:
    X = [np.ones((length, 1)) for length in (1, 300, 1, 256)]
    model = RNNTagger(crf=True, **QUICK).fit(X, [["x"] * len(x) for x in X])
    assert model.score(X, [["x"] * len(x) for x in X]) == 1
    assert model.loss_curve_ == [0, 0, 0]
    assert model.n_best(X[:1], 3)[0] == [(np.array(["x"]), 0.0)]
    y = [[t // 2 % 2 for t in range(len(x))] for x in X]
    model = RNNTagger(crf=True, **(QUICK | {"max_iter": 100})).fit(X, y)
    assert np.isfinite(model.loss_curve_).all()
    assert model.predict(X)[1].shape == (300,)


def test_a_clone_and_a_warm_start_keep_the_chain() -> None:
    X, y = hidden_markov_chain(20, seed=0)
    model = RNNTagger(crf=True, warm_start=True, **QUICK).fit(X, y)
    assert_same_bits(clone(model).fit(X, y).params_, model.params_)
    for changed in ({"crf": False}, {"scheme": "bio"}):
        other = RNNTagger(**(model.get_params())).fit(X, y).set_params(**changed)
        with pytest.raises(ValueError, match="is another architecture"):
            other.predict(X)
    predicted = cross_val_predict(clone(model), X, y, cv=3)
    assert [len(labels) for labels in predicted] == [len(x) for x in X]


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"scheme": "bio"}, r"scheme='bio' .* crf=False has none; use crf=True"),
    ({"crf": True, "tbptt": 5, "bidirectional": False}, "use tbptt=None or crf=False"),
    ({"crf": True, "class_weight": "balanced"}, "a sample_weight for each sequence"),
    ({"crf": True, "scheme": "iob"}, "scheme='iob'; expected scheme to be one of 'bio', 'bioes'"),
    ({"crf": "yes"}, "expected crf to be True or False"),
]


@pytest.mark.parametrize(("settings", "says"), SETTINGS)
def test_settings_that_do_not_fit(settings: dict[str, Any], says: str) -> None:
    X, y = hidden_markov_chain(5, seed=0)
    with pytest.raises(ValueError, match=says):
        RNNTagger(**(QUICK | settings)).fit(X, y)


@pytest.mark.parametrize(
    ("scheme", "labels", "says"),
    [
        ("bio", ["O", "PER"], "y has the label 'PER', which scheme='bio' does not have"),
        ("bio", ["O", "S-PER"], "y has the label 'S-PER'"),
        ("bio", [1, 2], "y has the label 1"),
        ("bio", ["I-PER", "O"], "sequence 1 has 'I-PER' at step 0, as its first label"),
        ("bio", ["O", "I-PER"], "sequence 1 has 'I-PER' at step 1, after 'O'"),
        ("bio", ["B-PER", "I-LOC"], "sequence 1 has 'I-LOC' at step 1, after 'B-PER'"),
        ("bioes", ["B-PER", "O"], "sequence 1 has 'O' at step 1, after 'B-PER'"),
        ("bioes", ["S-PER", "E-PER"], "sequence 1 has 'E-PER' at step 1, after 'S-PER'"),
        ("bioes", ["O", "B-PER"], "sequence 1 has 'B-PER' at step 1, as its last label"),
    ],
)
def test_labels_that_do_not_fit_the_scheme(scheme: str, labels: list[Any], says: str) -> None:
    first = labels[:1] * 2 if isinstance(labels[0], int) else ["O", "O"]
    X = [np.ones((2, 1))] * 2
    model = RNNTagger(crf=True, scheme=scheme, **QUICK)
    with pytest.raises(ValueError, match=says):
        model.fit(X, [first, labels])
    with pytest.raises(ValueError, match=says):
        model.partial_fit(X, [first, labels])
    assert not hasattr(model, "classes_")


def test_weights_of_steps_are_refused() -> None:
    X, y = hidden_markov_chain(5, seed=0)
    weight = [np.ones(len(x)) for x in X]
    model = RNNTagger(crf=True, **QUICK)
    same = model.fit(X, y, sample_weight=weight).params_
    assert_same_bits(model.fit(X, y).params_, same)
    weight[2][4] = 0
    with pytest.raises(ValueError, match=r"sequence 2 is 1 at step 0 and 0 at step 4; with crf"):
        model.fit(X, y, sample_weight=weight)
    assert 0 <= model.score(X, y, sample_weight=weight) <= 1  # a score may weigh steps
    y[3] = [None, *y[3][1:]]
    with pytest.raises(ValueError, match=r"mixes strings with None"):
        model.fit(X, y)


def test_what_a_chain_has_not() -> None:
    X, y = hidden_markov_chain(5, seed=0)
    with pytest.raises(ValueError, match=r"n_best ranks .* fit with crf=True"):
        RNNTagger(**QUICK).fit(X, y).n_best(X, 2)
    model = RNNTagger(crf=True, bidirectional=False, **QUICK).fit(X, y)
    with pytest.raises(ValueError, match=r"fit with crf=False and bidirectional=False"):
        model.stream()
    for n, error in ((0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match=r"expected an integer.*: sequences of labels"):
            model.n_best(X, n)


def test_steps_without_a_label() -> None:
    X, y = [np.ones((3, 1))] * 4, [[0.0, np.nan, 1.0]] * 4
    with pytest.raises(ValueError, match=r"index 1; give such a step any label, and a sample_wei"):
        RNNTagger(**QUICK).fit(X, y)
    with pytest.raises(ValueError, match=r"index 1; leave sequences without a target out"):
        RNNTagger(crf=True, **QUICK).fit(X, y)
    with pytest.raises(ValueError, match=r"None at step 1; for a missing label write any other"):
        RNNTagger(**QUICK).fit(X, [["a", None, "b"]] * 4)
    # What weighs nothing is not learned.
    filled = [[0, 1, 1], [0, 0, 1]] * 2
    model = RNNTagger(**QUICK).fit(X, filled, sample_weight=[[1, 0, 1]] * 4)
    other = RNNTagger(**QUICK).fit(X, [[0, 1, 1]] * 4, sample_weight=[[1, 0, 1]] * 4)
    assert_same_bits(model.params_, other.params_)
