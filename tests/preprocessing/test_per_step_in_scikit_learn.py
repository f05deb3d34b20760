"""PerStep in scikit-learn: parameters, pipelines, tags and scikit-learn's own checks."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

from skrnn.preprocessing import PerStep
from steps import LENGTHS, STACKED, X, Y, assert_steps


def test_parameters_of_the_inner_transformer() -> None:
    inner = StandardScaler()
    per_step = PerStep(inner)
    assert per_step.get_params()["transformer__with_mean"] is True
    per_step.set_params(transformer__with_mean=False)
    assert inner.with_mean is False
    assert clone(per_step).transformer is not inner
    assert clone(per_step).transformer.with_mean is False


def test_the_transformer_passed_in_is_not_fitted() -> None:
    inner = StandardScaler()
    PerStep(inner).fit(X)
    assert not hasattr(inner, "mean_")


def test_pickle() -> None:
    fitted = PerStep(StandardScaler()).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    assert_steps(again.transform(X), fitted.transform(X).values)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_has_no_effect(container: str) -> None:
    pytest.importorskip(container)
    expected = StandardScaler().fit_transform(STACKED)
    with config_context(transform_output=container):
        assert_steps(PerStep(StandardScaler()).fit_transform(X), expected)
        assert_steps(PerStep(StandardScaler()).fit(X).transform(X), expected)
    pipeline = make_pipeline(PerStep(StandardScaler())).set_output(transform=container)
    assert_steps(pipeline.fit_transform(X), expected)


def test_in_a_pipeline() -> None:
    pipeline = Pipeline([("fill", PerStep(SimpleImputer())), ("scale", PerStep(StandardScaler()))])
    made = pipeline.fit_transform(X, Y)
    assert_steps(made, StandardScaler().fit_transform(STACKED))
    assert pipeline.get_feature_names_out(["a", "b", "c"]).tolist() == ["a", "b", "c"]
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(PerStep(StandardScaler()).set_fit_request(sample_weight=True))
        weights = np.array([2.0, 0.0, 1.0, 1.0])
        weighted = routed.fit(X, Y, sample_weight=weights)[0].transformer_
    expected = StandardScaler().fit(STACKED, sample_weight=np.repeat(weights, LENGTHS))
    np.testing.assert_allclose(weighted.mean_, expected.mean_)


def test_categories_become_channels() -> None:
    days = [np.array([[0], [1]]), np.array([[2]])]
    made = PerStep(OneHotEncoder()).fit_transform(days)
    assert_steps(made, np.eye(3), [2, 1])


def test_tags_are_those_of_the_transformer() -> None:
    assert get_tags(PerStep(StandardScaler())).input_tags.allow_nan
    assert not get_tags(PerStep(PCA())).input_tags.allow_nan
    assert get_tags(PerStep(TargetEncoder())).target_tags.required
    assert not get_tags(PerStep(StandardScaler())).target_tags.required
    assert not get_tags(PerStep(FunctionTransformer())).requires_fit
    tags = get_tags(PerStep(OneHotEncoder()))
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert not tags.input_tags.sparse
    assert not tags.input_tags.string
    assert get_tags(PerStep(None)).transformer_tags is not None


# Reasons are what scikit-learn prints for a check that is expected to fail.
CHANNELS = "n_features_in_ counts channels, and the T columns of an array are steps of one channel"
NO_SHAPE = "Sequences have no shape; PaddedPerStep runs this check"
ANY_LENGTH = "series of another length than in fit are accepted: steps are not features"

EXPECTED = {
    "check_n_features_in": CHANNELS,
    "check_n_features_in_after_fitting": CHANNELS,
}


class PaddedPerStep(PerStep):
    """A PerStep that returns univariate series as an (n, T) array, for checks of arrays."""

    def transform(self, X: Any) -> Any:
        return super().transform(X).to_padded()[0][:, :, 0]

    def fit_transform(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Any:
        return super().fit_transform(X, y, sample_weight=sample_weight).to_padded()[0][:, :, 0]


def expected_failures(estimator: Any) -> dict[str, str]:
    if isinstance(estimator, PaddedPerStep):
        return {**EXPECTED, "check_transformer_general": ANY_LENGTH}
    return {
        **EXPECTED,
        "check_transformer_general": NO_SHAPE,
        "check_transformer_data_not_an_array": NO_SHAPE,
    }


def checks() -> list[Any]:
    return [
        check
        for estimator in (PerStep(StandardScaler()), PaddedPerStep(StandardScaler()))
        for check in estimator_checks_generator(
            estimator, expected_failed_checks=expected_failures(estimator), mark="xfail"
        )
    ]


def name_of(argument: Any) -> str:
    return getattr(getattr(argument, "func", argument), "__name__", type(argument).__name__)


@pytest.mark.parametrize(("estimator", "check"), checks(), ids=name_of)
@pytest.mark.filterwarnings("default")
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)
