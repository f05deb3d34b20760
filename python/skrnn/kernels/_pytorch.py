"""The layers that PyTorch has, under its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from skrnn._core import Cache
from skrnn.kernels._layer import Array, ArrayInput, Layer, Lengths

StatePair: TypeAlias = tuple[ArrayInput | None, ArrayInput | None]


class _PyTorchLayer(Layer):
    """The parameters of PyTorch's layers as attributes."""

    __slots__ = ()

    @property
    def weight_ih(self) -> Array:
        """Array of shape (G*H, I), float32: a read-only copy."""
        return self.parameters["weight_ih"]  # type: ignore[return-value]

    @property
    def weight_hh(self) -> Array:
        """Array of shape (G*H, H), float32: a read-only copy."""
        return self.parameters["weight_hh"]  # type: ignore[return-value]

    @property
    def bias_ih(self) -> Array | None:
        """Array of shape (G*H,), float32, or None: a read-only copy."""
        return self.parameters["bias_ih"]

    @property
    def bias_hh(self) -> Array | None:
        """Array of shape (G*H,), float32, or None: a read-only copy."""
        return self.parameters["bias_hh"]


class _OneState(_PyTorchLayer):
    """The types of cells whose only state is h."""

    __slots__ = ()

    if TYPE_CHECKING:
        # The base class takes any bool, which is neither Literal.
        @overload  # type: ignore[override]
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
        def forward(self, *args: Any, **kwargs: Any) -> Any: ...

        def backward(
            self,
            cache: Cache,
            dy: ArrayInput | None,
            dstate: ArrayInput | None = None,
            *,
            n_jobs: int | None = None,
        ) -> dict[str, Array]: ...

        def step(
            self, x_t: ArrayInput, state: ArrayInput | None = None, out: ArrayInput | None = None
        ) -> Array: ...


class RNN(_OneState):
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


class GRU(_OneState):
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


class LSTM(_PyTorchLayer):
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

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
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
        def forward(self, *args: Any, **kwargs: Any) -> Any: ...

        def backward(
            self,
            cache: Cache,
            dy: ArrayInput | None,
            dstate: StatePair | None = None,
            *,
            n_jobs: int | None = None,
        ) -> dict[str, Array]: ...

        def step(
            self,
            x_t: ArrayInput,
            state: StatePair | None = None,
            out: tuple[ArrayInput, ArrayInput] | None = None,
        ) -> tuple[Array, Array]: ...
