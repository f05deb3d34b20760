"""The recurrent stack: layers one after another, each in one or both directions.

Both directions of a layer read the same input, and their h are side by side, (T, D * H).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

import reference
from reference.cell import Array, State, parameter_shapes
from reference.dropout import Masks
from reference.layer import Layer, Tape

Run = tuple[Layer, Tape]  # of one direction of one layer over one sequence

States = dict[tuple[int, int], State]  # of layers and directions, each array (1, H)

SUFFIXES = ("", "_reverse")  # of parameters of direction 0 and 1


@dataclass(frozen=True)
class Stack:
    """The topology of a stack; sizes are those of the parameters, which have PyTorch's names."""

    cell: str
    num_layers: int
    directions: int  # 1, or 2 with the reverse one

    def parameter_shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return names and shapes in PyTorch's order."""
        cell = reference.CELLS[self.cell]
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, direction in self._places():
            inputs = self.directions * hidden_size if layer else input_size
            of_layer = parameter_shapes(cell, inputs, hidden_size)
            end = _end(layer, direction)
            shapes.update({f"{name}{end}": shape for name, shape in of_layer.items()})
        return shapes

    def forward(
        self, parameters: Mapping[str, Array], x: Array, masks: Masks, first: States | None = None
    ) -> tuple[Array, StackTape]:
        """Return h of the last layer after each step, (T, D * H), given (T, I), and a tape.

        The states before the first step are `first`, or zeros.
        """
        runs: dict[tuple[int, int], Run] = {}
        last: States = {}
        for layer in range(self.num_layers):
            if layer > 0:
                x = x * masks.output.get(layer - 1, 1.0)
            both = []
            for direction in range(self.directions):
                twin = self._layer(parameters, layer, direction, masks)
                state = None if first is None else first[layer, direction]
                y, last[layer, direction], tape = twin.forward(x[:, None, :], state)
                both.append(y[:, 0])
                runs[layer, direction] = twin, tape
            x = np.hstack(both)
        return x, StackTape(masks, runs, last)

    def backward(self, tape: StackTape, dh: Array) -> tuple[Array, dict[str, Array]]:
        """Return dL/dx, and the gradient of every parameter, given dL/dh (T, D * H)."""
        dx, gradients, _ = self.backward_with_states(tape, dh, None)
        return dx, gradients

    def backward_with_states(
        self, tape: StackTape, dh: Array, dlast: States | None
    ) -> tuple[Array, dict[str, Array], States]:
        """The same, given gradients by the last states, and those by the first ones."""
        gradients: dict[str, Array] = {}
        dfirst: States = {}
        for layer in reversed(range(self.num_layers)):
            dx = []
            for direction, dy in enumerate(np.split(dh, self.directions, axis=1)):
                twin, steps = tape.runs[layer, direction]
                dstate = None if dlast is None else dlast[layer, direction]
                of_layer = twin.backward(steps, dy[:, None, :], dstate)
                dfirst[layer, direction] = tuple(of_layer[f"{s}0"] for s in twin.cell.states)
                dx.append(of_layer["x"][:, 0])
                # the weight_hh of the layer is the parameter times the mask, see _layer
                of_layer["weight_hh"] *= tape.masks.recurrent.get((layer, direction), 1.0)
                end = _end(layer, direction)
                gradients.update({f"{name}{end}": of_layer[name] for name in vars(twin.weights)})
            dh = np.sum(dx, axis=0)
            if layer > 0:
                dh = dh * tape.masks.output.get(layer - 1, 1.0)
        return dh, gradients, dfirst

    def _places(self) -> Iterator[tuple[int, int]]:
        """Every layer and direction, in PyTorch's order."""
        for layer in range(self.num_layers):
            for direction in range(self.directions):
                yield layer, direction

    def _layer(
        self, parameters: Mapping[str, Array], layer: int, direction: int, masks: Masks
    ) -> Layer:
        cell = reference.CELLS[self.cell]
        end = _end(layer, direction)
        weights = {name: parameters[f"{name}{end}"] for name in parameter_shapes(cell, 0, 0)}
        # W (m h) = (W diag m) h: columns of the weights are masked, so cells need no masks
        weights["weight_hh"] = weights["weight_hh"] * masks.recurrent.get((layer, direction), 1.0)
        return Layer(cell, **weights, reverse=direction == 1)


@dataclass(frozen=True)
class StackTape:
    """Values of a forward pass over one sequence for ``Stack.backward``."""

    masks: Masks
    runs: dict[tuple[int, int], Run]  # by layer and direction
    last: States


def _end(layer: int, direction: int) -> str:
    return f"_l{layer}{SUFFIXES[direction]}"
