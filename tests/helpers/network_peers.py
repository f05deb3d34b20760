"""A network as PyTorch has it, on a PackedSequence; importing this needs torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from helpers.network_problems import NetworkProblem
from helpers.peers import MODULES
from reference.network import Solution


class TorchNetwork(nn.Module):
    """Ordinary modules under our names, so that ``load_state_dict`` takes our parameters."""

    def __init__(self, problem: NetworkProblem) -> None:
        super().__init__()
        shapes = {name: array.shape for name, array in problem.parameters.items()}
        network, self.problem = problem.network, problem
        features = network.directions * shapes["rnn.weight_hh_l0"][1]
        if "embedding.weight" in shapes:
            self.embedding = nn.Embedding(*shapes["embedding.weight"])
        rnn: Any = MODULES[network.cell]
        self.rnn = rnn(
            shapes["rnn.weight_ih_l0"][1],
            features // network.directions,
            num_layers=network.num_layers,
            bidirectional=network.bidirectional,
        )
        if network.pooling == "attention":
            self.attention = nn.Linear(features, 1, bias=False)
        head = "embedding.weight" if network.tie_weights else "head.weight"
        self.head = nn.Linear(*reversed(shapes[head]))
        if network.tie_weights:
            self.head.weight = self.embedding.weight
        self.double()
        state = {n: torch.tensor(p) for n, p in problem.parameters.items()}
        self.load_state_dict({**state, "head.weight": state[head]})

    def forward(self, batch: list[Tensor]) -> Tensor:
        network = self.problem.network
        if hasattr(self, "embedding"):
            batch = [self.embedding(x) for x in batch]
        packed_h, last = self.rnn(pack_sequence(batch, enforce_sorted=False))
        padded_h, lengths = pad_packed_sequence(packed_h, batch_first=True)
        h = [rows[:length] for rows, length in zip(padded_h, lengths, strict=True)]
        match network.pooling:
            case None:
                features = torch.cat(h)
            case "last":
                h_n = last[0] if network.cell == "lstm" else last
                features = torch.cat(list(h_n[-network.directions :]), dim=1)
            case "mean":
                features = torch.stack([rows.mean(dim=0) for rows in h])
            case "max":
                features = torch.stack([rows.max(dim=0).values for rows in h])
            case "last_mean_max":
                h_n = last[0] if network.cell == "lstm" else last
                three = [
                    torch.cat(list(h_n[-network.directions :]), dim=1),
                    torch.stack([rows.mean(dim=0) for rows in h]),
                    torch.stack([rows.max(dim=0).values for rows in h]),
                ]
                features = torch.cat(three, dim=1)
            case "attention":
                weights = [torch.softmax(self.attention(rows), dim=0) for rows in h]
                features = torch.stack([(w * x).sum(0) for w, x in zip(weights, h, strict=True)])
        outputs: Tensor = self.head(features)
        return outputs

    def loss(self, outputs: Tensor) -> Tensor:
        """Of the losses ``squared_error`` and ``cross_entropy``."""
        targets, weights = torch.tensor(self.problem.targets), torch.tensor(self.problem.weights)
        if targets.ndim == 1:
            losses = nn.functional.cross_entropy(outputs, targets, reduction="none")
        else:
            losses = ((outputs - targets) ** 2 / 2).mean(dim=1)
        return (weights * losses).sum() / weights.sum()

    def solve(self) -> Solution:
        """Run forward and backward; the gradients stay in the parameters, too."""
        self.zero_grad()
        outputs = self([torch.tensor(sequence) for sequence in self.problem.batch])
        loss = self.loss(outputs)
        torch.autograd.backward(loss)
        gradients: dict[str, Any] = {name: p.grad for name, p in self.named_parameters()}
        return Solution(
            outputs.detach().numpy(),
            float(loss.detach()),
            {name: gradient.numpy().copy() for name, gradient in gradients.items()},
        )
