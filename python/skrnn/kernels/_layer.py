"""A recurrent layer of any cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._core import Cache


class _HasArray(Protocol):
    def __array__(self, *args: Any, **kwargs: Any) -> Any: ...


class _HasDLPack(Protocol):
    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any: ...


Array: TypeAlias = NDArray[np.float32]
ArrayInput: TypeAlias = _HasArray | _HasDLPack
Lengths: TypeAlias = Sequence[int] | ArrayInput


class Layer(_core.Layer):
    """A recurrent layer of any cell.

    Parameters
    ----------
    cell : str
        Name of the cell, one of `skrnn.cells()`.
    *parameters, **named : array of float32, or None
        The parameters of the cell, in its own order or by name. Their shapes are PyTorch's:
        weight_ih is (G*H, I), weight_hh (G*H, H), a bias (G*H,), with G gates in PyTorch's order;
        a vector of the cell's own is (H,). Biases and such vectors may be None or left out, which
        stands for zeros, and for no gradient.
    reverse : bool, default=False
        Whether `forward` reads each sequence from its own last step to its first.

    Attributes
    ----------
    parameters : dict of str to array, or None
        Read-only copies. Later changes to the arrays passed in do not reach the layer.
    cell : str
        Name of the cell.
    input_size, hidden_size : int
        I and H.
    reverse : bool
        The default of `forward`.
    isa : str
        The instruction set this layer runs on.

    Raises
    ------
    TypeError
        For a cell that is no name, and a parameter that is missing, that the cell does not have, or
        that is not an array.
    ValueError
        For an unknown cell, and a parameter of another dtype, shape or layout.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import kernels
    >>> rng = np.random.default_rng(0)
    >>> weight_ih = rng.standard_normal((4 * 4, 3), dtype=np.float32)
    >>> weight_hh = rng.standard_normal((4 * 4, 4), dtype=np.float32)
    >>> peephole = rng.standard_normal(4, dtype=np.float32)
    >>> layer = kernels.Layer("lstm_peephole", weight_ih, weight_hh, peephole_o=peephole)
    >>> y, (h_n, c_n) = layer.forward(rng.standard_normal((5, 2, 3), dtype=np.float32))
    >>> y.shape, h_n.shape, c_n.shape
    ((5, 2, 4), (2, 4), (2, 4))
    >>> [name for name, array in layer.parameters.items() if array is not None]
    ['weight_ih', 'weight_hh', 'peephole_o']
    """

    __slots__ = ()

    def __init__(
        self,
        cell: str,
        *parameters: ArrayInput | None,
        reverse: bool = False,
        **named: ArrayInput | None,
    ) -> None:
        if not isinstance(cell, str):
            raise TypeError(
                f"cell: expected a name, one of {', '.join(map(repr, _core.cells()))}, got {cell!r}"
            )
        names = [parameter["name"] for parameter in _core.cell_info(cell)["parameters"]]
        if len(parameters) > len(names):
            raise TypeError(
                f"cell {cell!r} takes {len(names)} parameters, {', '.join(names)}, "
                f"got {len(parameters)}"
            )
        given = dict(zip(names, parameters, strict=False))
        if twice := given.keys() & named.keys():
            raise TypeError(f"{min(twice)}: given by place and by name")
        super().__init__(cell, given | named, reverse=reverse)

    def forward(
        self,
        x: ArrayInput,
        state: Any = None,
        *,
        lengths: Lengths | None = None,
        reverse: bool | None = None,
        train: bool = False,
        n_jobs: int | None = None,
    ) -> Any:
        """Run over whole sequences.

        Parameters
        ----------
        x : array of shape (T, B, I), float32
            Inputs, step by step. Steps past a sequence's length are never read.
        state : array of shape (B, H), float32, or a tuple of them, optional
            The state before the first step: h0, or a tuple of all states for cells that have
            several, as (h0, c0) of an LSTM. None stands for zeros, here and for any array.
        lengths : (B,) integers in 1..T, in any order, optional
            Steps of each sequence. None stands for T.
        reverse : bool, optional
            Whether to read each sequence from its own last step to its first. y[t] still belongs
            to x[t]. None stands for the layer's own `reverse`.
        train : bool, default=False
            Whether to return what `backward` needs.
        n_jobs : int, optional
            Threads, counted as in scikit-learn. None follows OpenMP's limit, threadpoolctl's
            included. Results do not depend on it.

        Returns
        -------
        y : array of shape (T, B, H), float32
            h after each step; zero past the end of a sequence.
        state_n : array of shape (B, H), float32, or a tuple of them
            The state after the step read last, as `state`: h_n, or (h_n, c_n) of an LSTM.
        cache : Cache
            Only where `train` is True. Refers to `x`, `state` and `y`, which must not be changed
            before `backward`.

        Raises
        ------
        TypeError
            For an argument that is not an array, a tuple, a bool or a count where one is expected.
        ValueError
            For an array of another dtype, shape or layout, and for a length outside 1..T.
        """
        return super().forward(
            x, state, lengths=lengths, reverse=reverse, train=train, n_jobs=n_jobs
        )

    def backward(
        self,
        cache: Cache,
        dy: ArrayInput | None,
        dstate: Any = None,
        *,
        n_jobs: int | None = None,
    ) -> dict[str, Array]:
        """Gradients of a scalar loss L by all inputs and parameters of a forward pass.

        Parameters
        ----------
        cache : Cache
            From this layer's ``forward(..., train=True)``; any number of times.
        dy : array of shape (T, B, H), float32, or None
            dL/dy, ignored past the end of a sequence. None, where `dstate` is given, stands for
            zeros.
        dstate : array of shape (B, H), float32, or a tuple of them, optional
            dL/d(state_n), shaped as `state` is. None stands for zeros, here and for any array.
        n_jobs : int, optional
            As in `forward`.

        Returns
        -------
        gradients : dict of str to array, float32
            "x" (T, B, I), zero past the end of a sequence; "h0" (B, H), and likewise "c0" of an
            LSTM; and each parameter of the layer, by its name and in its shape.

        Raises
        ------
        TypeError
            For an argument that is not an array, a tuple or a cache where one is expected.
        ValueError
            For an array of another dtype, shape or layout, another layer's cache, and for neither
            `dy` nor `dstate`.
        """
        return super().backward(cache, dy, dstate, n_jobs=n_jobs)
