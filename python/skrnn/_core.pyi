from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, NoReturn, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

_LossOption: TypeAlias = float | Sequence[float]
# words (rows,), word_offsets (num_words + 1,), letters
_Spellings: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]
# values (rows, K), offsets (n + 1,)
_Side: TypeAlias = tuple[NDArray[np.float32], NDArray[np.int64]]

__version__: str
compiler: str

def cells() -> list[str]: ...
def cell_info(name: str) -> dict[str, list[dict[str, Any]]]: ...
def compiled_isas() -> list[str]: ...
def available_isas() -> list[str]: ...
def active_isa() -> str: ...
def select_isa(name: str) -> None: ...
def isa_lanes() -> int: ...
def has_openmp() -> bool: ...
def max_threads() -> int: ...
def sigmoid(x: Any) -> NDArray[np.float32]: ...
def tanh(x: Any) -> NDArray[np.float32]: ...
def losses() -> list[tuple[str, str]]: ...
def solvers() -> list[str]: ...
def loss_options(loss: str) -> list[str]: ...
def outputs_for(loss: str, targets: int, options: Mapping[str, _LossOption] = {}) -> int: ...
def chain_loss(
    emissions: Any,
    offsets: Any,
    targets: Any,
    transitions: Any,
    weights: Any = None,
    *,
    n_jobs: int | None = None,
) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]: ...

@final
class Windows:
    def __init__(
        self,
        numbers: Any,
        starts: Any,
        *,
        width: int = 1,
        levels: Any = None,
        scales: Any = None,
        lags: Sequence[int] = (),
        following: Any = None,
        reconstructs: bool = False,
        season: int = 0,
        covariates: tuple[Any, Any, int, int] | None = None,
    ) -> None: ...

class NetworkLayout:
    def __init__(
        self,
        *,
        cell: str,
        input_size: int,
        embedding_size: int = 0,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        output_size: int,
        characters: int = 0,
        character_embedding_size: int = 0,
        character_hidden_size: int = 0,
        tie_weights: bool = False,
        transitions: bool = False,
        side_channels: int = 0,
        projection_size: int = 0,
        horizon: int = 0,
        future_covariates: int = 0,
    ) -> None: ...
    @property
    def parameters(self) -> list[tuple[str, tuple[int, ...], int]]: ...
    @property
    def num_parameters(self) -> int: ...
    def memory_text(self, copies: int = 1) -> str: ...
    def predict(
        self,
        parameters: Any,
        values: Any,
        offsets: Any,
        *,
        spellings: _Spellings | None = None,
        side: _Side | None = None,
        n_jobs: int | None = None,
    ) -> NDArray[np.float32]: ...

class Model:
    def __init__(
        self,
        network: NetworkLayout,
        parameters: Any,
        *,
        loss: str,
        loss_options: Mapping[str, _LossOption] = {},
        targets: int = 1,
        target_mean: Sequence[float] | NDArray[np.float64] = [],
        target_scale: Sequence[float] | NDArray[np.float64] = [],
        operations: Sequence[tuple[str, NDArray[np.float64], bool]] = [],
    ) -> None: ...
    @staticmethod
    def load(path: str | bytes | PathLike[str]) -> Model: ...
    @staticmethod
    def parse(data: bytes) -> Model: ...
    @property
    def description(self) -> str: ...
    @property
    def channels(self) -> int: ...
    @property
    def answer_size(self) -> int: ...
    @property
    def side_channels(self) -> int: ...
    @property
    def parameters(self) -> dict[str, NDArray[np.float32]]: ...
    @property
    def target_mean(self) -> NDArray[np.float64]: ...
    @property
    def target_scale(self) -> NDArray[np.float64]: ...
    @property
    def operations(self) -> list[tuple[str, NDArray[np.float64], bool]]: ...
    @property
    def arrays(self) -> dict[str, NDArray[np.float64]]: ...
    def predict(
        self,
        values: Any,
        offsets: Any,
        *,
        spellings: _Spellings | None = None,
        side: _Side | None = None,
        n_jobs: int | None = None,
    ) -> NDArray[np.float64]: ...
    def window_errors(
        self, windows: Windows, offsets: Any, *, n_jobs: int | None = None
    ) -> NDArray[np.float64]: ...
    def best_paths(
        self,
        values: Any,
        offsets: Any,
        n: int = 1,
        *,
        spellings: _Spellings | None = None,
        n_jobs: int | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...

class Stream:
    def __init__(
        self,
        model: Model,
        batch_size: int = 1,
        *,
        labels: Any = None,
        flags: bool = False,
        shape: Sequence[int] | None = None,
        boundary: int | None = None,
    ) -> None: ...
    state: dict[str, NDArray[Any]]
    @property
    def batch_size(self) -> int: ...
    def step(self, x_t: Any, *, context: Any = None) -> NDArray[Any]: ...
    def process(self, block: Any, *, context: Any = None) -> NDArray[Any]: ...
    def reset(self, sequence: int | None = None, *, context: Any = None) -> None: ...

class WindowStream:
    def __init__(self, model: Model, *, rows: int, level: str, series: int = 1) -> None: ...
    def step(self, numbers: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None: ...
    def reset(self) -> None: ...

class AnomalyStream:
    def __init__(
        self,
        model: Model,
        *,
        rows: int,
        delay: int,
        mean: Sequence[float] | NDArray[np.float64],
        scale: Sequence[float] | NDArray[np.float64],
        unit: Sequence[float] | NDArray[np.float64],
        missing: bool = False,
    ) -> None: ...
    @property
    def delay(self) -> int: ...
    @property
    def window(self) -> int: ...
    def step(self, x_t: Any, /) -> float: ...
    def process(self, block: Any) -> NDArray[np.float64]: ...
    def pending(self) -> NDArray[np.float64]: ...
    def reset(self) -> None: ...

class Sampler:
    def __init__(
        self,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        excluded: Sequence[int] = (),
    ) -> None: ...
    def pick(
        self,
        log_probabilities: Any,
        sequences: Any,
        step: int,
        *,
        seen: NDArray[np.bool_] | None = None,
        n_jobs: int | None = None,
    ) -> NDArray[np.int64]: ...

class Generation:
    def __init__(
        self,
        stream: Stream,
        sampler: Sampler,
        prefix: Sequence[Any],
        stop: int | None = None,
        *,
        first_sequence: int = 0,
        side: _Side | None = None,
    ) -> None: ...
    def advance(
        self, steps: int, *, n_jobs: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]: ...

class Trainer:
    optimizer_state: NDArray[np.float32]
    updates: int
    def __init__(
        self,
        layout: NetworkLayout,
        *,
        target_columns: int = 1,
        loss: str,
        loss_options: Mapping[str, _LossOption] = {},
        solver: str = "adam",
        learning_rate: float = 0.001,
        schedule: str = "constant",
        total_updates: int = 0,
        weight_decay: float = 0.0,
        clip_norm: float = 0.0,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        input_dropout: float = 0.0,
        word_dropout: float = 0.0,
        batch_size: int = 32,
        tbptt: int = 0,
        seed: int = 0,
    ) -> None: ...
    def run_epoch(
        self,
        parameters: Any,
        values: Any,
        offsets: Any,
        targets: Any = None,
        weights: Any = None,
        *,
        spellings: _Spellings | None = None,
        side: _Side | None = None,
        epoch: int,
        learning_rate_scale: float = 1.0,
        continues: bool = False,
        n_jobs: int | None = None,
    ) -> dict[str, Any]: ...
    def evaluate(
        self,
        parameters: Any,
        values: Any,
        offsets: Any,
        targets: Any = None,
        weights: Any = None,
        *,
        spellings: _Spellings | None = None,
        side: _Side | None = None,
        continues: bool = False,
        n_jobs: int | None = None,
    ) -> float: ...
    def gradient(
        self,
        parameters: Any,
        values: Any,
        offsets: Any,
        targets: Any = None,
        weights: Any = None,
        *,
        spellings: _Spellings | None = None,
        side: _Side | None = None,
        epoch: int = 0,
        n_jobs: int | None = None,
    ) -> tuple[float, NDArray[np.float32]]: ...
    def state_gradient_norms(
        self,
        parameters: Any,
        values: Any,
        offsets: Any,
        targets: Any = None,
        weights: Any = None,
        *,
        spellings: _Spellings | None = None,
        n_jobs: int | None = None,
    ) -> NDArray[np.float32]: ...

@final
class Cache:
    # Made by Layer.forward only.
    def __init__(self, *args: NoReturn, **kwargs: NoReturn) -> None: ...
    @property
    def nbytes(self) -> int: ...

class Layer:
    def __init__(
        self,
        cell: str,
        parameters: dict[str, Any],
        *,
        reverse: bool = False,
    ) -> None: ...
    def forward(
        self,
        x: Any,
        state: Any = None,
        *,
        lengths: Any = None,
        reverse: bool | None = None,
        train: Any = False,
        n_jobs: int | None = None,
    ) -> Any: ...
    def backward(
        self, cache: Cache, dy: Any, dstate: Any = None, *, n_jobs: int | None = None
    ) -> dict[str, NDArray[np.float32]]: ...
    def step(self, x_t: Any, state: Any = None, out: Any = None) -> Any: ...
    @property
    def cell(self) -> str: ...
    @property
    def input_size(self) -> int: ...
    @property
    def hidden_size(self) -> int: ...
    @property
    def isa(self) -> str: ...
    @property
    def reverse(self) -> bool: ...
    @property
    def parameters(self) -> dict[str, NDArray[np.float32] | None]: ...
