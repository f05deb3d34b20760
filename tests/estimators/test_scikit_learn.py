"""scikit-learn's own checks of estimators; to them a 2-D array is rows of univariate series, and to
detectors the steps of one series, with channels.
"""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrnn import RNNAnomalyDetector, RNNClassifier, RNNForecaster, RNNRegressor

# Repeated sequences are shuffled into other minibatches, so weights and repetitions have the same
# minimum, but not the same numbers in a run.
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "minibatches are shuffled",
}
OF_DETECTORS = {
    "check_methods_sample_order_invariance": "steps have an order",
    "check_methods_subset_invariance": "steps have an order, and series a least length",
    "check_fit2d_1sample": "a series of one step is too short, as the message says",
    "check_outliers_train": "lists are several series, also those of lists",
    "check_fit1d": "1-D arrays are series",
    "check_fit2d_predict1d": "1-D arrays are series",
    "check_dtype_object": "what is no number is a ValueError that says where it is",
}

# Checks that pass targets, which `fit` of a forecaster reads as exog, and others.
OF_FORECASTERS = {
    **dict.fromkeys(
        (
            *("check_dict_unchanged", "check_dont_overwrite_parameters", "check_dtype_object"),
            *("check_estimators_dtypes", "check_estimators_fit_returns_self"),
            *("check_estimators_nan_inf", "check_estimators_overwrite_params"),
            *("check_estimators_pickle", "check_f_contiguous_array_estimator"),
            *("check_fit1d", "check_fit2d_1feature", "check_fit2d_1sample"),
            *("check_fit2d_predict1d", "check_fit_check_is_fitted", "check_fit_idempotent"),
            *("check_fit_score_takes_y", "check_methods_sample_order_invariance"),
            *("check_methods_subset_invariance", "check_n_features_in"),
            *("check_n_features_in_after_fitting", "check_pipeline_consistency"),
            *("check_positive_only_tag_during_fit", "check_readonly_memmap_input"),
        ),
        "there are no targets: what is beside series is exog, with a row for each step",
    ),
    "check_complex_data": "what is no number is a TypeError",
    "check_estimators_empty_data_messages": "rows are series, which have no step there",
}

# With their defaults, as some of the checks require good scores.
# The series are of some 20 steps.
ESTIMATORS = [
    RNNClassifier(n_jobs=1),
    RNNRegressor(n_jobs=1),
    RNNAnomalyDetector(window=2, segment_length=1, n_jobs=1),
    RNNForecaster(n_jobs=1),
]


def expected_failures(estimator: Any) -> dict[str, str]:
    if isinstance(estimator, RNNForecaster):
        return OF_FORECASTERS
    return OF_DETECTORS if isinstance(estimator, RNNAnomalyDetector) else EXPECTED_FAILURES


CHECKS = parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)


# scikit-learn 1.6 returns a generator of checks, about which pytest 9 warns.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_check(estimator: Any, check: Any) -> None:
    check(estimator)
