"""Streams of millions of steps."""

from __future__ import annotations

import numpy as np
import pytest

import skrnn
from streams import fitted


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_three_million_steps(pooling: str) -> None:
    """float32 sums would stagnate at 2**24 steps of order one, and be wrong long before."""
    n_steps = 3_000_000
    settings = {"cell": "gru", "hidden_size": 1, "channels": 1}
    last = fitted(skrnn.RNNRegressor, [-1.0, 1.0], **settings)
    pooled = fitted(skrnn.RNNRegressor, [-1.0, 1.0], pooling=pooling, **settings)
    for model in (last, pooled):
        model.params_.update(last.params_)
        model.params_["head.weight"][...] = 1.0  # the output is h, or its pooled value
        model.params_["head.bias"][...] = 0.0
    x = np.random.default_rng(0).normal(size=n_steps).astype(np.float32) + 1
    h = last.stream().process(x)[:, 0]
    assert np.ptp(h) > 0.5
    stream = pooled.stream()
    answers = stream.process(x)[:, 0]
    assert stream.state["steps"].tolist() == [n_steps]
    if pooling == "mean":
        expected = np.cumsum(h, dtype=np.longdouble) / np.arange(1, n_steps + 1)
        np.testing.assert_allclose(answers, expected.astype(float), rtol=2.0**-23, atol=1e-12)
        naive = np.cumsum(h.astype(np.float32), dtype=np.float32)[-1] / n_steps
        assert abs(naive - expected[-1]) > 100 * abs(answers[-1] - expected[-1])
    else:
        np.testing.assert_array_equal(answers, np.maximum.accumulate(h))
