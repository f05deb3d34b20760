"""The solution of a problem by PyTorch; importing this needs torch."""

from __future__ import annotations

import numpy as np
import torch

from helpers.problems import Problem, label

MODULES = {
    "rnn": torch.nn.RNN,
    "rnn_relu": lambda *args, **kwargs: torch.nn.RNN(*args, nonlinearity="relu", **kwargs),
    "lstm": torch.nn.LSTM,
    "gru": torch.nn.GRU,
}


def solve_in_pytorch(problem: Problem) -> dict[str, np.ndarray]:
    """Solve in the problem's own dtype; the problem has states, and both biases or none."""
    n_steps, _, input_size, hidden_size = problem.sizes
    dtype = torch.from_numpy(problem.x).dtype

    # PyTorch reads in reverse only in a bidirectional layer: use that half of it.
    module = MODULES[problem.cell](
        input_size, hidden_size, bidirectional=True, bias="bias_ih" in problem.weights, dtype=dtype
    )
    direction, suffix = (1, "_l0_reverse") if problem.reverse else (0, "_l0")
    parameters = {name: getattr(module, name + suffix) for name in problem.weights}
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(torch.from_numpy(problem.weights[name]))

    x = torch.tensor(problem.x, requires_grad=True)
    state = [torch.tensor(s, requires_grad=True) for s in problem.state]
    both = [torch.stack([s, s]) for s in state]
    lengths = torch.tensor(problem.lengths)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    packed_y, last = module(packed, tuple(both) if problem.cell == "lstm" else both[0])
    y, _ = torch.nn.utils.rnn.pad_packed_sequence(packed_y, total_length=n_steps)
    y = y[..., direction * hidden_size :][..., :hidden_size]
    state_n = [s[direction] for s in (last if problem.cell == "lstm" else [last])]

    loss = (torch.tensor(problem.dy) * y).sum()
    for ds, s in zip(problem.dstate, state_n, strict=True):
        loss = loss + (torch.tensor(ds) * s).sum()
    loss.backward()

    inputs = {"x": x, **dict(zip(["h0", "c0"], state, strict=False)), **parameters}
    return label(
        problem.cell,
        y.detach().numpy(),
        tuple(s.detach().numpy() for s in state_n),
        {name: tensor.grad.numpy() for name, tensor in inputs.items()},
    )
