"""Parameters beyond float64 and networks beyond memory: messages name them, and the bytes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from helpers.processes import run_python
from helpers.support import says
from skrnn import RNNClassifier, RNNRegressor

HUGE = 10**400  # float64 ends at 1.8e308
X = [np.full((3, 2), i, np.float32) for i in range(4)]
SMALL: dict[str, Any] = {"hidden_size": 3, "max_iter": 1, "random_state": 0}

NUMBERS = ["dropout", "recurrent_dropout", "learning_rate_init", "alpha", "clip_norm", "tol"]
COUNTS = ["hidden_size", "num_layers", "embedding_size", "batch_size", "max_iter", "random_state"]


@pytest.mark.parametrize("value", [HUGE, 10**5000], ids=["400", "5000"])
@pytest.mark.parametrize("name", [*NUMBERS, *COUNTS])
def test_parameters(name: str, value: int) -> None:
    """Also if Python refuses to write the digits."""
    model = RNNClassifier(**{**SMALL, name: value})
    with pytest.raises(ValueError, match=f"got {name}=an integer of more than 40 digits; expected"):
        model.fit(X, [0, 1, 0, 1])


def test_settings_of_losses() -> None:
    for settings in ({"delta": HUGE}, {"loss": "quantile", "quantiles": [HUGE]}):
        with pytest.raises(ValueError, match=says("RNNRegressor got", [*settings][-1])):
            RNNRegressor(**SMALL, **settings).fit(X, range(4))
    with pytest.raises(ValueError, match="RNNClassifier got class_weight="):
        RNNClassifier(**SMALL, class_weight={0: HUGE}).fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("kind", [RNNClassifier, RNNRegressor])
@pytest.mark.parametrize("value", [HUGE, -HUGE])
def test_targets_and_weights(kind: Any, value: int) -> None:
    with pytest.raises(
        ValueError,
        match=r"Input y contains a value too large for float64: about -?1e400 at index 1",
    ):
        kind(**SMALL).fit(X, [0, value, 0, 1])
    for weights in ([1, abs(value), 1, 1], abs(value)):
        with pytest.raises(
            ValueError, match="Input sample_weight contains a value too large for float64"
        ):
            kind(**SMALL).fit(X, [0, 1, 0, 1], sample_weight=weights)


# ---- Memory ----

BOUNDED = """
import resource
import numpy as np
from skrnn import RNNClassifier, kernels

X, y = [np.zeros((3, 2))] * 4, [0, 1, 0, 1]
model = RNNClassifier(hidden_size=3, max_iter=1).fit(X, y)
weights = {"weight_ih": np.zeros((8, 3), "f4"), "weight_hh": np.zeros((8, 2), "f4")}
layer = kernels.LSTM(**weights)
with open("/proc/self/statm") as file:
    limit = int(file.read().split()[0]) * resource.getpagesize() + 1_500_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for call in (
    lambda: RNNClassifier("lstm", 10**6, pooling="last").fit(X, y),
    lambda: RNNClassifier(embedding_size=1000).fit([[2**31 - 1, 1]] * 4, y),
    lambda: RNNClassifier(embedding_size=100, solver="sgd").fit([[2 * 10**6, 1]] * 4, y),
    lambda: model.stream(2**28),
    lambda: kernels.LSTM(np.zeros((24000, 3), "f4"), np.zeros((24000, 6000), "f4")),
    lambda: layer.forward(np.zeros((4 * 10**6, 10, 3), "f4"), train=True),
):
    try:
        call()
    except MemoryError as error:
        print(error)
    else:
        print("nothing")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="bounds memory as Linux can")
def test_memory_errors_name_the_object_and_its_bytes() -> None:
    output = run_python("-c", BOUNDED).stdout.splitlines()
    layers, embedding, started, stream, packed, cache = output
    # Adam stores two numbers for each parameter, besides the parameter and its gradient.
    parameters = 4 * 10**6 * (10**6 + 2 + 2) + 2 * 10**6 + 2
    assert f"{parameters} parameters would take {16 * parameters} bytes" in layers
    assert "rnn.weight_hh_l0 of shape (4000000, 1000000): lower hidden_size" in layers
    assert "embedding.weight of shape (2147483648, 1000): number tokens from 0 on" in embedding
    assert "embedding.weight of shape (2000001, 100)" in started
    assert "a stream of batch_size 268435456 would take" in stream
    assert "what backward needs of all steps and units would take" in cache
    assert "the packed weights of a layer would take" in packed
    assert all("bytes, more memory than there is" in line for line in output)
