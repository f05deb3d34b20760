"""The twins of cells against finite differences, PyTorch, and identities between cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import reference
from helpers.problems import Problem, of_states, random_problem
from helpers.slopes import slopes
from reference.cell import parameter_shapes

CELLS = sorted(reference.CELLS)
GRUS = ["gru", "gru_reset_before"]


def layer_of(problem: Problem) -> reference.Layer:
    cell = reference.CELLS[problem.cell]
    return reference.Layer(cell, **problem.weights, reverse=problem.reverse)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_gradient_is_the_slope_of_the_loss(cell: str, reverse: bool) -> None:
    problem = random_problem(np.random.default_rng(0), cell, reverse=reverse, dtype=np.float64)

    def loss() -> float:
        y, state_n, _ = layer_of(problem).forward(problem.x, problem.state, lengths=problem.lengths)
        return float(
            np.sum(problem.dy * y)
            + sum(np.sum(d * s) for d, s in zip(problem.dstate, state_n, strict=True))
        )

    inputs = {"x": problem.x, **problem.weights}
    names = [f"{name}0" for name in reference.CELLS[cell].states]
    inputs.update(zip(names, problem.state, strict=True))
    gradients = problem.solve()
    assert {name for name in gradients if name.startswith("d")} == {f"d{name}" for name in inputs}

    for name, array in inputs.items():
        expected = slopes(loss, array)
        np.testing.assert_allclose(gradients[f"d{name}"], expected, atol=2e-9, err_msg=name)


@pytest.mark.parametrize("biases", [(), ("bias_ih",), ("bias_hh",)])
@pytest.mark.parametrize("cell", CELLS)
def test_missing_biases_and_states_are_zeros(cell: str, biases: tuple[str, ...]) -> None:
    problem = random_problem(
        np.random.default_rng(1), cell, biases=biases, vectors=False, states=False
    )
    shapes = parameter_shapes(reference.CELLS[cell], 3, 5)
    zeros = {name: np.zeros(shapes[name]) for name in shapes.keys() - problem.weights.keys()}
    state = tuple(np.zeros((4, 5)) for _ in reference.CELLS[cell].states)
    explicit = replace(problem, weights={**problem.weights, **zeros}, state=state, dstate=state)

    given, full = problem.solve(), explicit.solve()
    assert set(full) - set(given) == {f"d{name}" for name in zeros}
    for name, array in given.items():
        np.testing.assert_array_equal(array, full[name], err_msg=name)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_in_a_ragged_batch_is_the_same_as_alone(cell: str, reverse: bool) -> None:
    problem = random_problem(np.random.default_rng(2), cell, reverse=reverse)
    whole = problem.solve()
    summed = {f"d{name}": np.zeros_like(whole[f"d{name}"]) for name in problem.weights}
    for b, length in enumerate(problem.lengths):
        alone = problem.take([b]).solve()
        for name in ("y", "dx"):
            np.testing.assert_array_equal(whole[name][:length, b], alone[name][:, 0])
            np.testing.assert_array_equal(whole[name][length:, b], 0)
        for name in of_states(whole):
            np.testing.assert_array_equal(whole[name][b], alone[name][0])
        for name, total in summed.items():
            total += alone[name]
    for name, total in summed.items():
        np.testing.assert_allclose(whole[name], total, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_reverse_is_forward_over_the_reversed_sequence(cell: str) -> None:
    problem = random_problem(np.random.default_rng(3), cell, ragged=False, reverse=True)
    flipped = replace(problem, x=problem.x[::-1], dy=problem.dy[::-1], reverse=False)
    backwards, forwards = problem.solve(), flipped.solve()
    for name, array in forwards.items():
        expected = array[::-1] if name in ("y", "dx") else array
        np.testing.assert_array_equal(backwards[name], expected, err_msg=name)


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru"])
def test_pytorch_agrees(cell: str, reverse: bool, biased: bool) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from helpers.peers import solve_in_pytorch

    biases = ("bias_ih", "bias_hh") if biased else ()
    problem = random_problem(
        np.random.default_rng(4), cell, reverse=reverse, biases=biases, dtype=np.float64
    )
    ours, theirs = problem.solve(), solve_in_pytorch(problem)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], atol=1e-13, err_msg=name)


def test_reset_before_is_the_onnx_gru() -> None:
    """ONNX's GRU with linear_before_reset=0, as in its specification: gates z, r, h."""
    problem = random_problem(np.random.default_rng(5), "gru_reset_before", dtype=np.float64)
    (h0,) = problem.state

    def by_gate(array: np.ndarray) -> np.ndarray:
        r, z, n = np.split(array, 3)
        return np.stack([z, r, n])

    w_z, w_r, w_h = by_gate(problem.weights["weight_ih"])
    r_z, r_r, r_h = by_gate(problem.weights["weight_hh"])
    b_z, b_r, b_h = by_gate(problem.weights["bias_ih"] + problem.weights["bias_hh"])

    h_t, y = h0, []
    for x_t in problem.x:
        z = 1 / (1 + np.exp(-(x_t @ w_z.T + h_t @ r_z.T + b_z)))
        r = 1 / (1 + np.exp(-(x_t @ w_r.T + h_t @ r_r.T + b_r)))
        h = np.tanh(x_t @ w_h.T + (r * h_t) @ r_h.T + b_h)
        h_t = (1 - z) * h + z * h_t
        y.append(h_t)

    equal_length = replace(problem, lengths=None).solve()
    np.testing.assert_allclose(equal_length["y"], np.stack(y), atol=1e-14)
    np.testing.assert_allclose(equal_length["h_n"], h_t, atol=1e-14)


def test_both_grus_are_equal_if_the_reset_gate_commutes() -> None:
    """W (r h) = r (W h) for a diagonal W, so without b_hn the order does not matter."""
    problem = random_problem(np.random.default_rng(6), "gru", dtype=np.float64)
    candidate = slice(2 * 5, 3 * 5)
    diagonal = np.diag_indices(5)
    weight_hn = problem.weights["weight_hh"][candidate]
    weight_hn[:] = np.diag(weight_hn[diagonal])
    problem.weights["bias_hh"][candidate] = 0

    after, before = (replace(problem, cell=cell).solve() for cell in GRUS)
    for solution in (after, before):  # the two differ in these by definition
        solution["dbias_hh"] = solution["dbias_hh"][: candidate.start]
        dweight_hn = solution["dweight_hh"][candidate]
        dweight_hn[:] = np.diag(dweight_hn[diagonal])
    for name, array in after.items():
        np.testing.assert_allclose(array, before[name], atol=1e-13, err_msg=name)


@pytest.mark.parametrize("reverse", [False, True])
def test_an_lstm_with_closed_peepholes_is_an_lstm(reverse: bool) -> None:
    problem = random_problem(np.random.default_rng(7), "lstm", reverse=reverse, dtype=np.float64)
    closed = replace(problem, cell="lstm_peephole").solve()
    for name, array in problem.solve().items():
        np.testing.assert_array_equal(closed[name], array, err_msg=name)


def test_peepholes_are_biases_if_the_state_is_constant() -> None:
    """With f = 1 and i = 0, c stays c0, so that o has the bias p_o c0 at every step."""
    problem = random_problem(np.random.default_rng(8), "lstm_peephole", dtype=np.float64)
    weights = {name: array.copy() for name, array in problem.weights.items()}
    weights["peephole_i"][:] = weights["peephole_f"][:] = 0
    weights["bias_ih"][:5], weights["bias_ih"][5:10] = -800, 800
    (h0, c0) = (state[:1] for state in problem.state)
    one = replace(problem.take([0]), weights=weights, state=(h0, c0))
    biased = {name: array.copy() for name, array in weights.items() if name[:8] != "peephole"}
    biased["bias_ih"][15:] += weights["peephole_o"] * c0[0]
    plain = replace(one, cell="lstm", weights=biased)
    np.testing.assert_allclose(one.solve()["y"], plain.solve()["y"], atol=1e-14)
