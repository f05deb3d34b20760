"""Recurrent layers for people who build their own networks.

A layer is one cell in one direction. Its weights have PyTorch's names, shapes and gate order, and
are packed once, when the layer is made. Layers never change, so threads may share them.

Letters in shapes: T steps, B sequences of a batch, I input channels, H hidden units.

Arrays are float32 and C-contiguous, and are read where they are: NumPy arrays, and anything with
``__array_interface__``, ``__array__`` or DLPack. Other dtypes and layouts are refused, because
converting them would cost more than the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from skrnn import _core
from skrnn._core import Cache

__all__ = ["GRU", "LSTM", "RNN"]


class _HasArray(Protocol):
    def __array__(self, *args: Any, **kwargs: Any) -> Any: ...


class _HasDLPack(Protocol):
    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any: ...


Array: TypeAlias = NDArray[np.float32]
ArrayInput: TypeAlias = _HasArray | _HasDLPack
Lengths: TypeAlias = Sequence[int] | ArrayInput
StatePair: TypeAlias = tuple[ArrayInput | None, ArrayInput | None]


class _OneStateLayer(_core.Layer):
    """The passes of cells whose only state is h."""

    __slots__ = ()

    @overload
    def forward(
        self,
        x: ArrayInput,
        state: ArrayInput | None = None,
        *,
        lengths: Lengths | None = None,
        reverse: bool | None = None,
        train: Literal[False] = False,
        n_jobs: int | None = None,
    ) -> tuple[Array, Array]: ...
    @overload
    def forward(
        self,
        x: ArrayInput,
        state: ArrayInput | None = None,
        *,
        lengths: Lengths | None = None,
        reverse: bool | None = None,
        train: Literal[True],
        n_jobs: int | None = None,
    ) -> tuple[Array, Array, Cache]: ...
    def forward(
        self,
        x: ArrayInput,
        state: ArrayInput | None = None,
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
        state : array of shape (B, H), float32, optional
            h0, the state before the first step. None stands for zeros.
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
            The state after each step; zero past the end of a sequence.
        h_n : array of shape (B, H), float32
            The state after the step read last.
        cache : Cache
            Only where `train` is True. Refers to `x`, `state` and `y`, which must not be changed
            before `backward`.

        Raises
        ------
        TypeError
            For an argument that is not an array, a bool or a count where one is expected.
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
        dstate: ArrayInput | None = None,
        *,
        n_jobs: int | None = None,
    ) -> dict[str, Array]:
        """Gradients of a scalar loss L by everything that went into a forward pass.

        Parameters
        ----------
        cache : Cache
            From this layer's ``forward(..., train=True)``; any number of times.
        dy : array of shape (T, B, H), float32, or None
            dL/dy, ignored past the end of a sequence. None, where `dstate` is given, stands for
            zeros.
        dstate : array of shape (B, H), float32, optional
            dL/dh_n. None stands for zeros.
        n_jobs : int, optional
            As in `forward`.

        Returns
        -------
        gradients : dict of str to array, float32
            "x" (T, B, I), zero past the end of a sequence; "h0" (B, H); "weight_ih", "weight_hh",
            and "bias_ih", "bias_hh" where the layer has them, each in its own shape.

        Raises
        ------
        TypeError
            For an argument that is not an array or a cache where one is expected.
        ValueError
            For an array of another dtype, shape or layout, another layer's cache, and for neither
            `dy` nor `dstate`.
        """
        return super().backward(cache, dy, dstate, n_jobs=n_jobs)

    if TYPE_CHECKING:
        # Inherited as it is: a wrapper would cost more than a small step does.
        def step(
            self, x_t: ArrayInput, state: ArrayInput | None = None, out: ArrayInput | None = None
        ) -> Array:
            """Read one time step; see the documentation of the method itself."""
            ...


class RNN(_OneStateLayer):
    r"""Plain recurrent layer (Elman, 1990).

    .. math:: h_t = f(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})

    where f is tanh or the rectifier max(0, .).

    Parameters
    ----------
    weight_ih : array of shape (H, I), float32
    weight_hh : array of shape (H, H), float32
    bias_ih, bias_hh : array of shape (H,), float32, optional
        None stands for zeros, and for no gradient.
    nonlinearity : {"tanh", "relu"}, default="tanh"
        f.
    reverse : bool, default=False
        Whether `forward` reads each sequence from its own last step to its first.

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : array or None
        Read-only copies. Later changes to the arrays passed in do not reach the layer.
    cell : str
        Name of the cell, one of `skrnn.cells()`.
    input_size, hidden_size : int
        I and H.
    reverse : bool
        What `forward` does unless told otherwise.
    isa : str
        The instruction set this layer runs on.

    Raises
    ------
    TypeError
        For a weight that is not an array.
    ValueError
        For a weight of another dtype, shape or layout, or another nonlinearity.

    References
    ----------
    .. [1] J. L. Elman, "Finding structure in time", Cognitive Science 14(2), 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import kernels
    >>> rng = np.random.default_rng(0)
    >>> weight_ih = rng.standard_normal((4, 3), dtype=np.float32)
    >>> weight_hh = rng.standard_normal((4, 4), dtype=np.float32)
    >>> rnn = kernels.RNN(weight_ih, weight_hh, nonlinearity="relu")
    >>> x = rng.standard_normal((5, 2, 3), dtype=np.float32)
    >>> y, h_n = rnn.forward(x)
    >>> y.shape, h_n.shape
    ((5, 2, 4), (2, 4))
    """

    __slots__ = ()

    def __init__(
        self,
        weight_ih: ArrayInput,
        weight_hh: ArrayInput,
        bias_ih: ArrayInput | None = None,
        bias_hh: ArrayInput | None = None,
        *,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        reverse: bool = False,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
        cell = "rnn" if nonlinearity == "tanh" else "rnn_relu"
        super().__init__(cell, weight_ih, weight_hh, bias_ih, bias_hh, reverse=reverse)

    @property
    def nonlinearity(self) -> Literal["tanh", "relu"]:
        """The function f of the cell."""
        return "tanh" if self.cell == "rnn" else "relu"


class GRU(_OneStateLayer):
    r"""Gated recurrent unit (Cho et al., 2014), in either of its two variants.

    .. math::

        r_t &= \sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr}) \\
        z_t &= \sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz}) \\
        n_t &= \tanh(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn})) \\
        h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}

    With ``reset_after=False``, as in the paper, the reset gate acts before the matrix product:

    .. math:: n_t = \tanh(W_{in} x_t + b_{in} + W_{hn} (r_t \odot h_{t-1}) + b_{hn})

    Parameters
    ----------
    weight_ih : array of shape (3*H, I), float32
        Rows of the gates r, z, n, in this order.
    weight_hh : array of shape (3*H, H), float32
    bias_ih, bias_hh : array of shape (3*H,), float32, optional
        None stands for zeros, and for no gradient.
    reset_after : bool, default=True
        Whether the reset gate acts after the matrix product, as in PyTorch.
    reverse : bool, default=False
        Whether `forward` reads each sequence from its own last step to its first.

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : array or None
        Read-only copies. Later changes to the arrays passed in do not reach the layer.
    cell : str
        Name of the cell, one of `skrnn.cells()`.
    input_size, hidden_size : int
        I and H.
    reverse : bool
        What `forward` does unless told otherwise.
    isa : str
        The instruction set this layer runs on.

    Raises
    ------
    TypeError
        For a weight that is not an array, or a flag that is not a bool.
    ValueError
        For a weight of another dtype, shape or layout.

    References
    ----------
    .. [1] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for
       statistical machine translation", EMNLP 2014.

    Examples
    --------
    Two sequences of 5 and 3 steps in one batch:

    >>> import numpy as np
    >>> from skrnn import kernels
    >>> rng = np.random.default_rng(0)
    >>> weight_ih = rng.standard_normal((3 * 4, 3), dtype=np.float32)
    >>> weight_hh = rng.standard_normal((3 * 4, 4), dtype=np.float32)
    >>> gru = kernels.GRU(weight_ih, weight_hh)
    >>> x = rng.standard_normal((5, 2, 3), dtype=np.float32)
    >>> y, h_n, cache = gru.forward(x, lengths=[5, 3], train=True)
    >>> bool((y[3:, 1] == 0).all()), bool((h_n[1] == y[2, 1]).all())
    (True, True)
    >>> gradients = gru.backward(cache, np.ones_like(y))
    >>> sorted(gradients)
    ['h0', 'weight_hh', 'weight_ih', 'x']
    """

    __slots__ = ()

    def __init__(
        self,
        weight_ih: ArrayInput,
        weight_hh: ArrayInput,
        bias_ih: ArrayInput | None = None,
        bias_hh: ArrayInput | None = None,
        *,
        reset_after: bool = True,
        reverse: bool = False,
    ) -> None:
        if not isinstance(reset_after, bool | np.bool_):
            raise TypeError(f"reset_after: expected True or False, got {reset_after!r}")
        cell = "gru" if reset_after else "gru_reset_before"
        super().__init__(cell, weight_ih, weight_hh, bias_ih, bias_hh, reverse=reverse)

    @property
    def reset_after(self) -> bool:
        """Whether the reset gate acts after the matrix product."""
        return self.cell == "gru"


class LSTM(_core.Layer):
    r"""Long short-term memory with a forget gate.

    The cell of Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000):

    .. math::

        i_t &= \sigma(W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi}) \\
        f_t &= \sigma(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf}) \\
        g_t &= \tanh(W_{ig} x_t + b_{ig} + W_{hg} h_{t-1} + b_{hg}) \\
        o_t &= \sigma(W_{io} x_t + b_{io} + W_{ho} h_{t-1} + b_{ho}) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
        h_t &= o_t \odot \tanh(c_t)

    Parameters
    ----------
    weight_ih : array of shape (4*H, I), float32
        Rows of the gates i, f, g, o, in this order.
    weight_hh : array of shape (4*H, H), float32
    bias_ih, bias_hh : array of shape (4*H,), float32, optional
        None stands for zeros, and for no gradient.
    reverse : bool, default=False
        Whether `forward` reads each sequence from its own last step to its first.

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : array or None
        Read-only copies. Later changes to the arrays passed in do not reach the layer.
    cell : str
        Name of the cell, one of `skrnn.cells()`.
    input_size, hidden_size : int
        I and H.
    reverse : bool
        What `forward` does unless told otherwise.
    isa : str
        The instruction set this layer runs on.

    Raises
    ------
    TypeError
        For a weight that is not an array.
    ValueError
        For a weight of another dtype, shape or layout.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9(8),
       1997.
    .. [2] F. A. Gers, J. Schmidhuber and F. Cummins, "Learning to forget: continual prediction
       with LSTM", Neural Computation 12(10), 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import kernels
    >>> rng = np.random.default_rng(0)
    >>> weight_ih = rng.standard_normal((4 * 4, 3), dtype=np.float32)
    >>> weight_hh = rng.standard_normal((4 * 4, 4), dtype=np.float32)
    >>> lstm = kernels.LSTM(weight_ih, weight_hh)
    >>> x = rng.standard_normal((5, 2, 3), dtype=np.float32)
    >>> y, (h_n, c_n) = lstm.forward(x)
    >>> y.shape, h_n.shape, c_n.shape
    ((5, 2, 4), (2, 4), (2, 4))

    The same a step at a time, in place:

    >>> state = np.zeros((2, 4), np.float32), np.zeros((2, 4), np.float32)
    >>> for x_t in x:
    ...     h, c = lstm.step(x_t, state, out=state)
    >>> bool(np.allclose(h, h_n) and np.allclose(c, c_n))
    True
    """

    __slots__ = ()

    def __init__(
        self,
        weight_ih: ArrayInput,
        weight_hh: ArrayInput,
        bias_ih: ArrayInput | None = None,
        bias_hh: ArrayInput | None = None,
        *,
        reverse: bool = False,
    ) -> None:
        super().__init__("lstm", weight_ih, weight_hh, bias_ih, bias_hh, reverse=reverse)

    @overload
    def forward(
        self,
        x: ArrayInput,
        state: StatePair | None = None,
        *,
        lengths: Lengths | None = None,
        reverse: bool | None = None,
        train: Literal[False] = False,
        n_jobs: int | None = None,
    ) -> tuple[Array, tuple[Array, Array]]: ...
    @overload
    def forward(
        self,
        x: ArrayInput,
        state: StatePair | None = None,
        *,
        lengths: Lengths | None = None,
        reverse: bool | None = None,
        train: Literal[True],
        n_jobs: int | None = None,
    ) -> tuple[Array, tuple[Array, Array], Cache]: ...
    def forward(
        self,
        x: ArrayInput,
        state: StatePair | None = None,
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
        state : tuple (h0, c0) of arrays of shape (B, H), float32, optional
            The state before the first step. None stands for zeros, here and for either array.
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
        state_n : tuple (h_n, c_n) of arrays of shape (B, H), float32
            The state after the step read last.
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
        dstate: StatePair | None = None,
        *,
        n_jobs: int | None = None,
    ) -> dict[str, Array]:
        """Gradients of a scalar loss L by everything that went into a forward pass.

        Parameters
        ----------
        cache : Cache
            From this layer's ``forward(..., train=True)``; any number of times.
        dy : array of shape (T, B, H), float32, or None
            dL/dy, ignored past the end of a sequence. None, where `dstate` is given, stands for
            zeros.
        dstate : tuple (dh_n, dc_n) of arrays of shape (B, H), float32, optional
            dL/dh_n and dL/dc_n. None stands for zeros, here and for either array.
        n_jobs : int, optional
            As in `forward`.

        Returns
        -------
        gradients : dict of str to array, float32
            "x" (T, B, I), zero past the end of a sequence; "h0" and "c0" (B, H); "weight_ih",
            "weight_hh", and "bias_ih", "bias_hh" where the layer has them, each in its own shape.

        Raises
        ------
        TypeError
            For an argument that is not an array, a tuple or a cache where one is expected.
        ValueError
            For an array of another dtype, shape or layout, another layer's cache, and for neither
            `dy` nor `dstate`.
        """
        return super().backward(cache, dy, dstate, n_jobs=n_jobs)

    if TYPE_CHECKING:
        # Inherited as it is: a wrapper would cost more than a small step does.
        def step(
            self,
            x_t: ArrayInput,
            state: StatePair | None = None,
            out: tuple[ArrayInput, ArrayInput] | None = None,
        ) -> tuple[Array, Array]:
            """Read one time step; see the documentation of the method itself."""
            ...
