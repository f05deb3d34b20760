"""A recurrent layer as an ONNX model."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

from _problems import Array, Problem

GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}  # i,o,f,c and z,r,h
OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def onnx_model(problem: Problem, *, carried_state: bool) -> bytes:
    """x -> y, h_out (and c_out); with a carried state x, h (and c) -> h_out (and c_out)."""

    def value(name: str, *shape: int) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def weight(name: str) -> Array:
        return problem.reordered(name, GATES[problem.cell])

    T, B, H = problem.T, problem.B, problem.H
    constants = {
        "W": weight("weight_ih")[None],
        "R": weight("weight_hh")[None],
        "bias": np.concatenate([weight("bias_ih"), weight("bias_hh")])[None],
    }
    states = problem.states
    inputs, outputs = [value("x", T, B, problem.I)], []
    operands, results = ["x", *constants], [""]
    if carried_state:
        operands += ["", *states]  # the empty one: sequence_lens
        inputs += [value(name, 1, B, H) for name in states]
    else:
        results = ["y"]
        outputs = [value("y", T, 1, B, H)]
    results += [f"{name}_out" for name in states]
    outputs += [value(f"{name}_out", 1, B, H) for name in states]

    # linear_before_reset: PyTorch's GRU, where the reset gate acts on W_hn h + b_hn.
    attributes: dict[str, Any] = {"linear_before_reset": 1} if problem.cell == "gru" else {}
    node = helper.make_node(OPERATORS[problem.cell], operands, results, hidden_size=H, **attributes)
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph([node], "layer", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=10)
    return bytes(model.SerializeToString())
