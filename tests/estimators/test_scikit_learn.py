"""scikit-learn's own checks of estimators; to them a 2-D array is rows of univariate series."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrnn import RNNClassifier, RNNRegressor

# Repeated sequences are shuffled into other minibatches, so weights and repetitions have the same
# minimum, but not the same numbers in a run.
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "minibatches are shuffled",
}

# With their defaults, as some of the checks require good scores.
ESTIMATORS = [RNNClassifier(n_jobs=1), RNNRegressor(n_jobs=1)]


CHECKS = parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda _: EXPECTED_FAILURES)


# scikit-learn 1.6 returns a generator of checks, about which pytest 9 warns.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_check(estimator: Any, check: Any) -> None:
    check(estimator)
