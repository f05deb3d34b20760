"""Pipelines, searches, cross-validation and other meta-estimators, on ragged sequences."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    train_test_split,
)
from sklearn.multioutput import ClassifierChain, MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.utils.metadata_routing import get_routing_for_object

from cases import (
    CASES,
    KINDS,
    NUMBERS,
    SMALL,
    Case,
    assert_same_bits,
    labels,
    on,
    outcomes,
    pairs,
    taken,
)
from skrnn import RNNClassifier, RNNRegressor, Sequences
from skrnn.preprocessing import PerStep, TokenEncoder

CLASSIFIER, REGRESSOR = KINDS
LEARNS: dict[str, Any] = {**SMALL, "max_iter": 60, "hidden_size": 12, "learning_rate_init": 0.02}


def objects(X: list[np.ndarray]) -> np.ndarray:
    array = np.empty(len(X), object)
    for i, x in enumerate(X):
        array[i] = x
    return array


containers = pytest.mark.parametrize("container", [list, objects, Sequences])


@containers
@on(NUMBERS)
def test_splitting(case: Case, container: Any) -> None:
    X, y = case.data()
    X_train, X_test, y_train, y_test = train_test_split(container(X), y, random_state=0)
    assert len(X_train) == len(y_train) == 18
    model = case.make().fit(X_train, y_train)
    assert np.isfinite(model.score(X_test, y_test))


@containers
@on(KINDS)
def test_scaling_in_a_pipeline(case: Case, container: Any) -> None:
    X, y = case.data()
    shifted = container([1000 + 50 * x.astype(np.float64) for x in X])
    pipeline = make_pipeline(PerStep(StandardScaler()), case.make()).fit(shifted, y)
    scaler = StandardScaler().fit(np.concatenate(list(shifted)))
    scaled = [scaler.transform(x) for x in shifted]
    by_hand = case.make().fit(scaled, y)
    np.testing.assert_allclose(
        outcomes(pipeline[-1], scaled)[-1], outcomes(by_hand, scaled)[-1], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(pipeline.predict(shifted).shape, y.shape)
    assert np.isfinite(pipeline.score(shifted, y))


@containers
def test_cross_validation(container: Any) -> None:
    X, y = CLASSIFIER.data(n=90)
    model = RNNClassifier(**LEARNS)
    scores = cross_val_score(model, container(X), y, cv=3)
    assert scores.mean() > 0.75
    predicted = cross_val_predict(model, container(X), y, cv=3)
    assert np.mean(predicted == y) == pytest.approx(scores.mean())
    p = cross_val_predict(model, container(X), y, cv=3, method="predict_proba")
    assert p.shape == (90, 2)
    assert np.mean(np.array(["high", "low"])[p.argmax(axis=1)] == y) == np.mean(predicted == y)


@on(CASES)
def test_cross_validation_of_every_kind(case: Case) -> None:
    X, y = case.data()
    found = cross_validate(case.make(), X, y, cv=3, return_train_score=True, return_estimator=True)
    assert np.isfinite(found["test_score"]).all()
    assert np.isfinite(found["train_score"]).all()
    predicted = cross_val_predict(case.make(), X, y, cv=3)
    assert predicted.shape == case.fitted().predict(X).shape
    # The folds of a regressor are blocks, so the first third was held out from the first model.
    if case.kind is RNNRegressor:
        assert_same_bits(predicted[:8], found["estimator"][0].predict(X[:8]))


@on(KINDS)
def test_a_search_in_two_processes(case: Case) -> None:
    X, y = case.data(n=60)
    grid = {"cell": ["lstm", "gru", "rnn"], "hidden_size": [2, 8]}
    searches = [
        GridSearchCV(case.make(max_iter=10), grid, cv=3, n_jobs=n).fit(X, y) for n in (1, 2)
    ]
    for search in searches:
        assert search.best_params_ == searches[0].best_params_
        assert len(search.cv_results_["params"]) == 6
        np.testing.assert_array_equal(
            search.cv_results_["mean_test_score"], searches[0].cv_results_["mean_test_score"]
        )
        assert_same_bits(outcomes(search.best_estimator_, X), outcomes(searches[0], X))
    again = case.make(max_iter=10, **searches[0].best_params_).fit(X, y)
    assert_same_bits(again.params_, searches[0].best_estimator_.params_)


def test_a_search_through_a_pipeline() -> None:
    X, y = CLASSIFIER.data(n=60)
    pipeline = Pipeline([("scale", PerStep(StandardScaler())), ("rnn", RNNClassifier(**SMALL))])
    grid = {
        "rnn__cell": ["lstm", "gru"],
        "rnn__hidden_size": [4, 8],
        "scale": [PerStep(StandardScaler()), "passthrough"],
    }
    search = GridSearchCV(pipeline, grid, cv=2, scoring="neg_log_loss").fit(X, y)
    assert search.best_estimator_["rnn"].cell == search.best_params_["rnn__cell"]
    random = RandomizedSearchCV(pipeline, grid, n_iter=2, cv=2, random_state=0).fit(X, y)
    assert random.predict(X).shape == (60,)


def test_a_wrong_value_in_a_grid_is_named() -> None:
    X, y = CLASSIFIER.data()
    search = GridSearchCV(CLASSIFIER.make(), {"cell": ["lsmt"]}, cv=2)
    with pytest.raises(ValueError, match="lsmt"):
        search.fit(X, y)


def test_text_in_a_pipeline() -> None:
    good, bad = "a fine warm film", "a poor cold mess"
    texts = [good, bad, "fine " + good, "poor " + bad, "warm", "cold", "fine film", "cold mess"] * 5
    y = ["good", "bad"] * 20
    model = make_pipeline(TokenEncoder(), RNNClassifier(**LEARNS, embedding_size=4))
    assert cross_val_score(model, texts, y, cv=2).min() > 0.9
    # Words that were not in fit are the unknown token, not an error.
    assert model.fit(texts, y).predict(["a fine unheard-of film", "never seen"]).shape == (2,)


# ---- Around one or several classifiers and regressors ----


@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(ensemble: bool, method: str) -> None:
    X, y = CLASSIFIER.data(n=90)
    model = CalibratedClassifierCV(RNNClassifier(**LEARNS), method=method, cv=3, ensemble=ensemble)
    p = model.fit(X, y).predict_proba(X)
    assert p.shape == (90, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert np.mean(model.predict(X) == y) > 0.8


def test_a_tuned_threshold() -> None:
    X, y = CLASSIFIER.data(n=60)
    model = TunedThresholdClassifierCV(CLASSIFIER.make(), cv=2).fit(X, y)
    assert set(model.predict(X)) <= set(y)


def test_votes() -> None:
    X, y = CLASSIFIER.data(n=60)
    models = [
        (cell, RNNClassifier(**{**LEARNS, "cell": cell, "max_iter": 20}))
        for cell in ("lstm", "gru")
    ]
    soft = VotingClassifier(models, voting="soft").fit(X, y)
    mean = np.mean([model.predict_proba(X) for model in soft.estimators_], axis=0)
    np.testing.assert_allclose(soft.predict_proba(X), mean)
    assert VotingClassifier(models).fit(X, y).score(X, y) > 0.7
    X, y = REGRESSOR.data(n=60)
    regressors = [(cell, REGRESSOR.make(cell=cell)) for cell in ("lstm", "gru")]
    mean = np.mean([model.fit(X, y).predict(X) for _, model in regressors], axis=0)
    np.testing.assert_allclose(VotingRegressor(regressors).fit(X, y).predict(X), mean)
    stack = StackingRegressor(regressors, Ridge(), cv=2).fit(X, y)
    assert stack.predict(X).shape == (60,)


def test_targets_that_are_transformed() -> None:
    X, y = REGRESSOR.data(n=60)
    model = TransformedTargetRegressor(
        RNNRegressor(**LEARNS), func=np.arcsinh, inverse_func=np.sinh
    )
    assert model.fit(X, y).score(X, y) > 0.8


def test_an_estimator_for_each_output() -> None:
    X, _ = REGRESSOR.data()
    y = pairs(X)
    each = MultiOutputRegressor(REGRESSOR.make()).fit(X, y)
    assert_same_bits(each.predict(X)[:, 1], REGRESSOR.make().fit(X, y[:, 1]).predict(X))


def test_learning_curves() -> None:
    X, y = REGRESSOR.data(n=60)
    sizes, train, test = learning_curve(REGRESSOR.make(), X, y, cv=3, train_sizes=[0.5, 1.0])
    assert sizes.tolist() == [20, 40]
    assert np.isfinite([train, test]).all()


@pytest.mark.parametrize(
    ("meta", "y"),
    [(BaggingRegressor, REGRESSOR.data()[1]), (ClassifierChain, labels(CLASSIFIER.data()[0]))],
)
def test_meta_estimators_that_need_a_table_accept_equal_lengths(meta: Any, y: Any) -> None:
    # They make one array of X themselves, before an estimator sees it.
    X, _ = REGRESSOR.data()
    inner = (REGRESSOR if meta is BaggingRegressor else CLASSIFIER).make()
    with pytest.raises(ValueError, match=r"inhomogeneous|setting an array element"):
        meta(inner).fit(X, y)
    table = np.stack([np.resize(x, 4) for x in X])
    assert len(meta(inner).fit(table, y).predict(table)) == len(X)


# ---- Metadata ----


@pytest.fixture
def routing() -> Iterator[None]:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
@on(KINDS)
def test_metadata_that_can_be_requested(case: Case) -> None:
    model = case.make()
    wanted = dict.fromkeys(("sample_weight", "X_val", "y_val", "sample_weight_val"), True)
    model.set_fit_request(**wanted)
    model.set_score_request(sample_weight=True)
    model.set_partial_fit_request(sample_weight=True)
    requests = get_routing_for_object(model)
    assert requests.fit.requests == wanted
    assert requests.score.requests == {"sample_weight": True}
    if case is REGRESSOR:
        model.set_predict_request(return_std=True)
    else:
        model.set_partial_fit_request(classes=True)


@pytest.mark.usefixtures("routing")
@on(KINDS)
def test_weights_and_validation_data_through_a_pipeline(case: Case) -> None:
    X, y = case.data()
    weight = np.linspace(1, 3, len(X))
    model = case.make().set_fit_request(sample_weight=True, X_val=True, y_val=True)
    scale = PerStep(StandardScaler()).set_fit_request(sample_weight=False)
    pipeline = make_pipeline(scale, model, transform_input=["X_val"])
    pipeline.fit(X, y, sample_weight=weight, X_val=X[:9], y_val=y[:9])
    scaled = scale.fit_transform(X)
    expected = case.make().fit(scaled, y, sample_weight=weight, X_val=scaled[:9], y_val=y[:9])
    assert_same_bits(pipeline[-1].params_, expected.params_)
    assert pipeline[-1].validation_scores_ == expected.validation_scores_


@pytest.mark.usefixtures("routing")
@on(KINDS)
def test_weights_of_validation_data_through_a_pipeline(case: Case) -> None:
    X, y = case.data()
    held_out = {"X_val": X[:9], "y_val": y[:9], "sample_weight_val": np.linspace(1, 3, 9)}
    model = case.make().set_fit_request(X_val=True, y_val=True, sample_weight_val=True)
    pipeline = make_pipeline("passthrough", model).fit(X, y, **held_out)
    expected = case.make().fit(X, y, **held_out)
    assert pipeline[-1].validation_scores_ == expected.validation_scores_


def test_validation_data_that_a_pipeline_does_not_transform() -> None:
    """A raw X_val with a transformed X is refused; any transformed X_val is not."""
    X, y = CLASSIFIER.data()
    raw = r"X comes from a transformer.*X_val does not.*transform_input=\['X_val'\]"
    scale = PerStep(StandardScaler()).fit(X)
    pipeline = make_pipeline(PerStep(MaxAbsScaler()), scale, CLASSIFIER.make())
    for form in (X, Sequences(X), objects(X)):
        with pytest.raises(ValueError, match=raw):
            pipeline.fit(X, y, rnnclassifier__X_val=form, rnnclassifier__y_val=y)
    Xt = scale.transform(X)
    for held_out in (
        Xt,
        scale.fit_transform(X),
        Xt[:9],
        Xt[[3, 1]],
        pickle.loads(pickle.dumps(Xt)),
    ):
        targets = y[: len(held_out)]
        pipeline.fit(X, y, rnnclassifier__X_val=held_out, rnnclassifier__y_val=targets)
        CLASSIFIER.make().fit(Xt, y, X_val=held_out, y_val=targets)
    # With raw X, or other transformers, an error cannot be detected.
    CLASSIFIER.make().fit(X, y, X_val=Sequences(X), y_val=y)
    CLASSIFIER.make().fit(scale.inverse_transform(Xt), y, X_val=X, y_val=y)


def test_tokens_that_a_pipeline_does_not_encode(tmp_path: Path) -> None:
    texts, y = ["a b c", "b", "c a"] * 4, [0, 1, 1] * 4
    numbers = [[1, 2, 3], [2], [3, 1]] * 4  # perhaps of another vocabulary
    network = RNNClassifier(embedding_size=2, **SMALL)
    pipeline = make_pipeline(TokenEncoder(), network, memory=str(tmp_path))
    for _ in range(2):  # the second time X is read from the cache
        with pytest.raises(ValueError, match="TokenEncoder, and X_val does not"):
            pipeline.fit(texts, y, rnnclassifier__X_val=numbers, rnnclassifier__y_val=y)
    with sklearn.config_context(enable_metadata_routing=True):
        network.set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(TokenEncoder(), network, transform_input=["X_val"])
        pipeline.fit(texts, y, X_val=texts[:3], y_val=y[:3])
        assert network.validation_scores_[-1] == pipeline.score(texts[:3], y[:3])


@pytest.mark.usefixtures("routing")
@on(KINDS)
def test_weights_through_a_search(case: Case) -> None:
    X, y = case.data()
    weight = 1.0 + np.arange(len(X)) % 3
    model = case.make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(model, {"cell": ["gru"]}, cv=3).fit(X, y, sample_weight=weight)
    expected = case.make(cell="gru").fit(X, y, sample_weight=weight)
    assert_same_bits(search.best_estimator_.params_, expected.params_)
    plain = GridSearchCV(case.make(), {"cell": ["gru"]}, cv=3)
    with pytest.raises(ValueError, match=r"sample_weight.*set_fit_request"):
        plain.fit(X, y, sample_weight=weight)


@pytest.mark.usefixtures("routing")
@on(KINDS)
def test_scoring_inside_fit_with_routing(case: Case) -> None:
    X, y = case.data()
    weight = 1.0 + np.arange(len(X)) % 3
    scoring = "accuracy" if case is CLASSIFIER else "r2"
    settings = {"early_stopping": True, "validation_fraction": 0.5}
    model = case.make(**settings, scoring=scoring).fit(X, y, sample_weight=weight)
    default = case.make(**settings).fit(X, y, sample_weight=weight)
    assert model.validation_scores_ == default.validation_scores_
    assert np.isfinite(get_scorer(scoring)(model, taken(X, range(9)), y[:9]))
