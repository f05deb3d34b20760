"""A network in PyTorch, on a PackedSequence; importing this needs torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from helpers.network_problems import NetworkProblem
from helpers.peers import MODULES
from reference.horizon import Covered
from reference.network import Input, Solution
from reference.side_channels import Sided
from reference.spelling import Words


class TorchSpelling(nn.Module):
    """The letters of words."""

    def __init__(self, cell: str, shapes: dict[str, Any]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(*shapes["characters.embedding.weight"])
        rnn: Any = MODULES[cell]
        _, hidden_size = shapes["characters.rnn.weight_hh_l0"]
        self.rnn = rnn(self.embedding.embedding_dim, hidden_size, bidirectional=True)

    def forward(self, words: list[Tensor]) -> Tensor:
        packed = pack_sequence([self.embedding(word) for word in words], enforce_sorted=False)
        _, last = self.rnn(packed)
        return torch.cat(list(last[0] if isinstance(last, tuple) else last), dim=1)


class TorchNetwork(nn.Module):
    """Ordinary modules under our names, so that ``load_state_dict`` takes our parameters."""

    def __init__(self, problem: NetworkProblem) -> None:
        super().__init__()
        shapes = {name: array.shape for name, array in problem.parameters.items()}
        network, self.problem = problem.network, problem
        features = network.directions * shapes["rnn.weight_hh_l0"][1]
        if "embedding.weight" in shapes:
            self.embedding = nn.Embedding(*shapes["embedding.weight"])
        if "characters.embedding.weight" in shapes:
            self.characters = TorchSpelling(network.cell, shapes)
        if "projection.weight" in shapes:
            self.projection = nn.Linear(*reversed(shapes["projection.weight"]))
        rnn: Any = MODULES[network.cell]
        self.rnn = rnn(
            shapes["rnn.weight_ih_l0"][1],
            features // network.directions,
            num_layers=network.num_layers,
            bidirectional=network.bidirectional,
        )
        if network.pooling == "horizon":
            self.horizon = nn.Embedding(*shapes["horizon.weight"])
        if "future.weight" in shapes:
            self.future = nn.Linear(*reversed(shapes["future.weight"]))
        if network.pooling == "attention":
            self.attention = nn.Linear(features, 1, bias=False)
        head = "embedding.weight" if network.tie_weights else "head.weight"
        self.head = nn.Linear(*reversed(shapes[head]))
        if network.tie_weights:
            self.head.weight = self.embedding.weight
        self.double()
        state = {n: torch.tensor(p) for n, p in problem.parameters.items()}
        self.load_state_dict({**state, "head.weight": state[head]})

    def vectors(self, sequence: Input) -> Tensor:
        """What the stack reads of a sequence, (T, I)."""
        if isinstance(sequence, Sided):
            side = torch.tensor(sequence.of_steps)
            return torch.cat([self.vectors(sequence.sequence), side], dim=1)
        if isinstance(sequence, Covered):
            return self.vectors(sequence.sequence)
        if isinstance(sequence, Words):
            letters = self.characters([torch.tensor(word) for word in sequence.letters])
            return torch.cat([self.embedding(torch.tensor(sequence.tokens)), letters], dim=1)
        x = torch.tensor(sequence)
        if hasattr(self, "projection"):
            return torch.relu(self.projection(x))
        return self.embedding(x) if hasattr(self, "embedding") else x

    def forward(self, sequences: list[Input]) -> Tensor:
        network = self.problem.network
        batch = [self.vectors(sequence) for sequence in sequences]
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
            case "horizon":
                steps = self.horizon.weight
                x = steps.repeat(len(sequences), 1)[None]
                if hasattr(self, "future"):
                    rows = [s.future for s in sequences if isinstance(s, Covered)]
                    x = x + self.future(torch.tensor(np.concatenate(rows)))
                states = last if isinstance(last, tuple) else (last,)
                first = tuple(s.repeat_interleave(len(steps), dim=1) for s in states)
                ahead, _ = self.rnn(x, first if isinstance(last, tuple) else first[0])
                features = ahead[0]
            case "attention":
                weights = [torch.softmax(self.attention(rows), dim=0) for rows in h]
                features = torch.stack([(w * x).sum(0) for w, x in zip(weights, h, strict=True)])
        outputs: Tensor = self.head(features)
        return outputs

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the loss, ``squared_error`` or ``cross_entropy``."""
        targets, weights = torch.tensor(self.problem.targets), torch.tensor(self.problem.weights)
        if targets.ndim == 1:
            losses = nn.functional.cross_entropy(outputs, targets, reduction="none")
        else:
            losses = ((outputs - targets) ** 2 / 2).mean(dim=1)
        return (weights * losses).sum() / weights.sum()

    def solve(self) -> Solution:
        """Run forward and backward; the gradients are also left in the parameters."""
        self.zero_grad()
        outputs = self(self.problem.batch)
        loss = self.loss(outputs)
        torch.autograd.backward(loss)
        gradients: dict[str, Any] = {name: p.grad for name, p in self.named_parameters()}
        return Solution(
            outputs.detach().numpy(),
            float(loss.detach()),
            {name: gradient.numpy().copy() for name, gradient in gradients.items()},
        )
