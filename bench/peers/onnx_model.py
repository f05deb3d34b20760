"""A recurrent layer, or a classifier of sequences, as an ONNX model."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

from _problems import Array, Problem

GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}  # i,o,f,c and z,r,h
OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def onnx_model(problem: Problem, *, carried_state: bool) -> bytes:
    """x -> y, h_out (and c_out). With a carried state x is one step: x, h (and c) -> new states.

    With a head the first output is not y but probabilities (B, K).
    """

    def value(name: str, *shape: int) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def weight(name: str) -> Array:
        return problem.reordered(name, GATES[problem.cell])

    T, B, H = problem.T, problem.B, problem.H
    constants = {
        "W": weight("weight_ih")[None],
        "R": weight("weight_hh")[None],
        "B": np.concatenate([weight("bias_ih"), weight("bias_hh")])[None],
    }
    states = problem.states
    inputs, outputs = [value("x", 1 if carried_state else T, B, problem.I)], []
    operands, results = ["x", *constants], [""]
    if carried_state:
        operands += ["", *states]  # no sequence_lens
        inputs += [value(name, 1, B, H) for name in states]
    if problem.head:
        outputs = [value("probabilities", B, len(problem.head["bias"]))]
    elif not carried_state:
        results = ["y"]
        outputs = [value("y", T, 1, B, H)]
    results += [f"{name}_out" for name in states]
    outputs += [value(f"{name}_out", 1, B, H) for name in states]

    # linear_before_reset: PyTorch's GRU, where the reset gate acts on W_hn h + b_hn.
    attributes: dict[str, Any] = {"linear_before_reset": 1} if problem.cell == "gru" else {}
    nodes = [
        helper.make_node(OPERATORS[problem.cell], operands, results, hidden_size=H, **attributes)
    ]
    if problem.head:
        constants |= {**problem.head, "axis": np.zeros(1, np.int64)}
        nodes += [
            helper.make_node("Squeeze", ["h_out", "axis"], ["features"]),
            helper.make_node("Gemm", ["features", "weight", "bias"], ["logits"], transB=1),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        ]
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "network", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=10)
    return bytes(model.SerializeToString())
