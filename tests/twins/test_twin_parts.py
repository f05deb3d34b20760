"""The twins of embedding, pooling and the dense head."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.slopes import slopes
from reference import dense, embedding
from reference.pooling import Attention, Last, LastMeanMax, Max, Mean, Pooling

QUERY = np.random.default_rng(0).standard_normal((1, 4))
POOLINGS: dict[str, Pooling] = {
    "last": Last(hidden_size=4),
    "last_of_both_directions": Last(hidden_size=2),
    "mean": Mean(),
    "max": Max(),
    "attention": Attention(QUERY),
    "last_mean_max": LastMeanMax(hidden_size=2),
}


@pytest.mark.parametrize("n_steps", [1, 2, 5])
@pytest.mark.parametrize("name", POOLINGS)
def test_the_gradient_of_pooling_is_its_slope(name: str, n_steps: int) -> None:
    pooling = POOLINGS[name]
    rng = np.random.default_rng(1)
    h = rng.standard_normal((n_steps, 4))
    dpooled = rng.standard_normal(len(pooling.forward(h)))

    def loss() -> float:
        return float(dpooled @ pooling.forward(h))

    dh, of_parameters = pooling.backward(h, dpooled)
    np.testing.assert_allclose(dh, slopes(loss, h), atol=2e-9)
    assert set(of_parameters) == ({"weight"} if name == "attention" else set())
    for gradient in of_parameters.values():
        np.testing.assert_allclose(gradient, slopes(loss, QUERY), atol=2e-9)


@pytest.mark.parametrize("name", POOLINGS)
def test_pooling_one_step_is_that_step(name: str) -> None:
    h = np.random.default_rng(2).standard_normal((1, 4))
    pooled = POOLINGS[name].forward(h)
    np.testing.assert_allclose(pooled, np.tile(h[0], len(pooled) // 4), rtol=1e-15)


@pytest.mark.parametrize("name", ["mean", "max", "attention"])
def test_pooling_does_not_depend_on_the_order(name: str) -> None:
    h = np.random.default_rng(3).standard_normal((6, 4))
    pooling = POOLINGS[name]
    np.testing.assert_allclose(pooling.forward(h), pooling.forward(h[::-1]), rtol=1e-13)


def test_the_last_states_are_at_both_ends() -> None:
    h = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(Last(hidden_size=2).forward(h), [8, 9, 2, 3])


def test_the_first_of_equal_maxima_gets_the_gradient() -> None:
    h = np.array([[0.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    dh, _ = Max().backward(h, np.array([3.0, 5.0]))
    np.testing.assert_array_equal(dh, [[0, 5], [3, 0], [0, 0]])


def test_attention_without_a_query_is_the_mean() -> None:
    h = np.random.default_rng(4).standard_normal((6, 4))
    even = Attention(np.zeros((1, 4)))
    np.testing.assert_allclose(even.forward(h), Mean().forward(h), rtol=1e-13)
    np.testing.assert_allclose(even.attention(h), 1 / 6)


def test_attention_to_one_step_is_that_step() -> None:
    """A query with a score of 1e4 for one step: no overflow, and weight zero for the others."""
    h = np.array([[1.0, 2.0], [10.0, 3.0], [-4.0, 5.0]])
    sure = Attention(np.array([[1e3, 0.0]]))
    np.testing.assert_array_equal(sure.forward(h), h[1])


def test_an_embedding_is_a_product_with_one_hot_rows() -> None:
    rng = np.random.default_rng(5)
    weight, tokens = rng.standard_normal((4, 3)), np.array([2, 0, 2, 2, 1])
    dembedded = rng.standard_normal((5, 3))
    one_hot = np.eye(4)[tokens]
    np.testing.assert_array_equal(embedding.forward(weight, tokens), one_hot @ weight)
    dweight = embedding.backward(weight, tokens, dembedded)["weight"]
    np.testing.assert_allclose(dweight, one_hot.T @ dembedded, atol=1e-15)
    np.testing.assert_array_equal(dweight[3], 0)


def test_the_gradients_of_the_head_are_its_slopes() -> None:
    rng = np.random.default_rng(6)
    shapes = {"weight": (2, 3), "bias": (2,), "x": (5, 3)}
    arrays = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    doutputs = rng.standard_normal((5, 2))

    def loss() -> float:
        return float(np.sum(doutputs * dense.forward(**arrays)))

    dx, gradients = dense.backward(arrays["weight"], arrays["x"], doutputs)
    for name, gradient in {**gradients, "x": dx}.items():
        np.testing.assert_allclose(gradient, slopes(loss, arrays[name]), atol=2e-9, err_msg=name)
