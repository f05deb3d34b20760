"""Language models: the next token as the target, tokens of any type, and windows of long texts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from skrnn import _core

V = 70
TOKEN_TYPES = [np.uint8, np.uint16, np.int32, np.int64]


def layout_of(**options: Any) -> _core.NetworkLayout:
    settings: dict[str, Any] = {
        "cell": "lstm",
        "input_size": V,
        "embedding_size": 6,
        "hidden_size": 9,
        "num_layers": 2,
        "pooling": "every_step",
        "output_size": V,
    }
    return _core.NetworkLayout(**{**settings, **options})


class Run:
    """A trainer with parameters of its own."""

    def __init__(self, layout: _core.NetworkLayout | None = None, **settings: Any) -> None:
        self.layout = layout or layout_of()
        self.trainer = _core.Trainer(
            self.layout, **({"loss": "cross_entropy", "clip_norm": 0.5, "seed": 3} | settings)
        )
        rng = np.random.default_rng(0)
        self.parameters = rng.uniform(-0.3, 0.3, self.layout.num_parameters).astype(np.float32)

    def run_epoch(self, *data: Any, epoch: int = 0, **options: Any) -> dict[str, Any]:
        return self.trainer.run_epoch(self.parameters, *data, epoch=epoch, **options)

    def evaluate(self, *data: Any, **options: Any) -> float:
        return self.trainer.evaluate(self.parameters, *data, **options)


def ragged(lengths: tuple[int, ...] = (3, 12, 2, 7, 12, 5)) -> tuple[Any, NDArray[np.int64]]:
    """Tokens, and the offsets of sequences in them."""
    tokens = np.random.default_rng(1).integers(0, V, sum(lengths))
    return tokens, np.cumsum([0, *lengths])


def spelled_out(tokens: Any, offsets: NDArray[np.int64]) -> tuple[Any, Any, Any]:
    """The same with an array of targets: values, offsets, targets."""
    sequences = np.split(tokens, offsets[1:-1])
    values = np.concatenate([s[:-1] for s in sequences])
    targets = np.concatenate([s[1:] for s in sequences])
    steps = np.cumsum([0, *[len(s) - 1 for s in sequences]])
    return values, steps, targets.astype(np.float32)[:, None]


@pytest.mark.parametrize("tbptt", [0, 4])
def test_targets_are_the_next_tokens(tbptt: int) -> None:
    """As an array of targets would have it, to the bit."""
    runs = [Run(batch_size=4, tbptt=tbptt, dropout=0.2) for _ in range(2)]
    data = ragged(), spelled_out(*ragged())
    for epoch in range(3):
        one, other = (run.run_epoch(*d, epoch=epoch) for run, d in zip(runs, data, strict=True))
        assert one == other
    np.testing.assert_array_equal(runs[0].parameters, runs[1].parameters)
    gradients = [r.trainer.gradient(r.parameters, *d) for r, d in zip(runs, data, strict=True)]
    assert gradients[0][0] == gradients[1][0]
    np.testing.assert_array_equal(gradients[0][1], gradients[1][1])
    norms = [
        r.trainer.state_gradient_norms(r.parameters, *d) for r, d in zip(runs, data, strict=True)
    ]
    np.testing.assert_array_equal(*norms)
    # The mean adds up a sequence first.
    mean, same = (run.evaluate(*d) for run, d in zip(runs, data, strict=True))
    assert mean == pytest.approx(same, rel=1e-14)


@pytest.mark.parametrize("dtype", TOKEN_TYPES)
def test_tokens_of_every_type(dtype: Any) -> None:
    tokens, offsets = ragged()
    wide, narrow = Run(batch_size=2), Run(batch_size=2)
    assert wide.run_epoch(tokens, offsets) == narrow.run_epoch(tokens.astype(dtype), offsets)
    np.testing.assert_array_equal(wide.parameters, narrow.parameters)
    np.testing.assert_array_equal(
        wide.layout.predict(wide.parameters, tokens, offsets),
        wide.layout.predict(wide.parameters, tokens.astype(dtype), offsets),
    )


def test_tokens_above_those_of_signed_types() -> None:
    """200 and 40,000 would be negative in int8 and int16."""
    layout = layout_of(input_size=50_000, output_size=2)
    run = Run(layout)
    for token, dtype in [(200, np.uint8), (40_000, np.uint16)]:
        of_dtype, of_int64 = (
            layout.predict(run.parameters, np.array([token], t), np.array([0, 1]))
            for t in (dtype, np.int64)
        )
        np.testing.assert_array_equal(of_dtype, of_int64)


# ---- Windows ----

B, STEPS = 5, 24


def text() -> NDArray[np.uint8]:
    """B sequences side by side, with one token more than there are steps."""
    return np.random.default_rng(2).integers(0, V, (B, STEPS + 1)).astype(np.uint8)


def window(begin: int, end: int) -> tuple[Any, Any]:
    """Steps [begin, end) of all sequences: one token more, which begins the next window."""
    tokens = np.ascontiguousarray(text()[:, begin : end + 1])
    return tokens.ravel(), np.arange(B + 1) * tokens.shape[1]


def windows(*cuts: int) -> list[tuple[Any, Any]]:
    edges = [0, *cuts, STEPS]
    return [window(*edge) for edge in pairwise(edges)]


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("cuts", [(4, 8, 12, 16, 20), (8, 20), (12,)])
def test_windows_train_as_one_call(cuts: tuple[int, ...], dropout: float) -> None:
    settings = {
        "batch_size": B,
        "tbptt": 4,
        "dropout": dropout,
        "recurrent_dropout": dropout,
        "schedule": "cosine",
        "total_updates": 30,
    }
    whole, streamed = Run(**settings), Run(**settings)
    for epoch in range(3):
        expected = whole.run_epoch(*window(0, STEPS), epoch=epoch)
        parts = [
            streamed.run_epoch(*data, epoch=epoch, continues=i > 0)
            for i, data in enumerate(windows(*cuts))
        ]
        assert sum(part["updates"] for part in parts) == expected["updates"] == STEPS // 4
        assert max(part["gradient_norm"] for part in parts) == expected["gradient_norm"]
        steps = np.diff([0, *cuts, STEPS])
        loss = np.average([part["loss"] for part in parts], weights=steps)
        assert loss == pytest.approx(expected["loss"], rel=1e-13)
        np.testing.assert_array_equal(streamed.parameters, whole.parameters)
    assert streamed.trainer.updates == whole.trainer.updates
    np.testing.assert_array_equal(streamed.trainer.optimizer_state, whole.trainer.optimizer_state)


def test_windows_carry_the_state() -> None:
    """They would train otherwise without it."""
    carried, reset = Run(batch_size=B, tbptt=4), Run(batch_size=B, tbptt=4)
    for i, data in enumerate(windows(12)):
        carried.run_epoch(*data, continues=i > 0)
        reset.run_epoch(*data)
    assert not np.array_equal(carried.parameters, reset.parameters)


@pytest.mark.parametrize("cuts", [(4, 8, 12, 16, 20), (1,), (23,)])
def test_windows_are_evaluated_as_one_call(cuts: tuple[int, ...]) -> None:
    run = Run()
    expected = run.evaluate(*window(0, STEPS))
    parts = [run.evaluate(*data, continues=i > 0) for i, data in enumerate(windows(*cuts))]
    steps = np.diff([0, *cuts, STEPS])
    assert np.average(parts, weights=steps) == pytest.approx(expected, rel=1e-14)


def test_evaluation_leaves_the_states_of_training_alone() -> None:
    first, second = windows(12)
    runs = [Run(batch_size=B, tbptt=4) for _ in range(2)]
    for i, run in enumerate(runs):
        run.run_epoch(*first)
        if i == 1:
            run.evaluate(*window(3, 9))
        run.run_epoch(*second, continues=True)
    np.testing.assert_array_equal(runs[0].parameters, runs[1].parameters)


def test_windows_serve_channels_and_targets_as_well() -> None:
    layout = _core.NetworkLayout(
        cell="gru", input_size=2, hidden_size=4, pooling="every_step", output_size=1
    )
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 8, 2)).astype(np.float32)
    y = rng.standard_normal((3, 8, 1)).astype(np.float32)
    settings = {"loss": "squared_error", "tbptt": 4, "batch_size": 3}
    whole, streamed = Run(layout, **settings), Run(layout, **settings)
    whole.run_epoch(x.reshape(-1, 2), np.array([0, 8, 16, 24]), y.reshape(-1, 1))
    for i, part in enumerate((slice(4), slice(4, 8))):
        streamed.run_epoch(
            x[:, part].reshape(-1, 2).copy(),
            np.array([0, 4, 8, 12]),
            y[:, part].reshape(-1, 1).copy(),
            continues=i > 0,
        )
    np.testing.assert_array_equal(streamed.parameters, whole.parameters)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_any_number_of_threads(n_jobs: int) -> None:
    def after(n_jobs: int) -> list[bytes]:
        run = Run(layout_of(hidden_size=33), batch_size=B, tbptt=6)
        losses = [
            run.run_epoch(*data, continues=i > 0, n_jobs=n_jobs)["loss"]
            for i, data in enumerate(windows(12))
        ]
        losses += [run.evaluate(*window(0, STEPS), n_jobs=n_jobs)]
        return [run.parameters.tobytes(), np.array(losses).tobytes()]

    assert after(n_jobs) == after(1)


# ---- What is refused ----


def test_a_call_that_nothing_came_before() -> None:
    run = Run(batch_size=B, tbptt=4)
    before = run.parameters.copy()
    with pytest.raises(ValueError, match="continues: the call before left no states"):
        run.run_epoch(*window(0, 4), continues=True)
    with pytest.raises(ValueError, match="continues: expected as many sequences"):
        run.evaluate(*window(0, 4), continues=True)
    np.testing.assert_array_equal(run.parameters, before)


@pytest.mark.parametrize(
    "settings", [{"tbptt": 0, "batch_size": B}, {"tbptt": 4, "batch_size": B - 1}], ids=str
)
def test_a_call_that_cannot_be_continued(settings: dict[str, int]) -> None:
    run = Run(**settings)
    run.run_epoch(*window(0, 8))
    with pytest.raises(ValueError, match=r"tbptt above 0 and at most batch_size"):
        run.run_epoch(*window(8, 16), continues=True)


def test_other_sequences_than_before() -> None:
    run = Run(batch_size=B, tbptt=4)
    tokens, _ = window(0, 4)
    run.run_epoch(*window(0, 8))
    run.evaluate(*window(0, 8))
    ragged_offsets = np.array([0, 4, 9, 15, 20, 25])
    with pytest.raises(ValueError, match=r"the 5 sequences of the call before.* got 1 sequences"):
        run.run_epoch(tokens, np.array([0, 25]), continues=True)
    with pytest.raises(ValueError, match="of different lengths"):
        run.run_epoch(tokens, ragged_offsets, continues=True)
    for offsets in (np.array([0, 25]), ragged_offsets):
        with pytest.raises(ValueError, match="continues: expected as many sequences"):
            run.evaluate(tokens, offsets, continues=True)
    run.run_epoch(*window(8, 16), continues=True)  # a refused call changes nothing
    run.evaluate(*window(8, 16), continues=True)


def test_the_end_of_a_call_of_ragged_sequences_is_no_beginning() -> None:
    run = Run(batch_size=8, tbptt=4)
    run.run_epoch(*ragged())
    with pytest.raises(ValueError, match="all of the same length"):
        run.run_epoch(*ragged((3,) * 6), continues=True)


@pytest.mark.parametrize("wrong", [None, 1, "yes"])
def test_continues_is_a_flag(wrong: Any) -> None:
    run = Run(batch_size=B, tbptt=4)
    with pytest.raises(TypeError, match="continues"):
        run.run_epoch(*window(0, 4), continues=wrong)
    with pytest.raises(TypeError, match="continues"):
        run.evaluate(*window(0, 4), continues=wrong)


@pytest.mark.parametrize(
    "options",
    [{"bidirectional": True}, {"pooling": "last"}, {"output_size": V + 1}],
    ids=str,
)
def test_networks_without_a_next_token(options: dict[str, Any]) -> None:
    run = Run(layout_of(**options))
    for call in (run.run_epoch, run.evaluate):
        with pytest.raises(ValueError, match=r"output_size == input_size"):
            call(*ragged())


def test_losses_without_a_next_token() -> None:
    run = Run(loss="squared_error", target_columns=V)
    with pytest.raises(ValueError, match="'cross_entropy'"):
        run.run_epoch(*ragged())


def test_channels_have_no_next_token() -> None:
    run = Run(layout_of(input_size=2, embedding_size=0, output_size=2))
    with pytest.raises(ValueError, match="reads tokens"):
        run.run_epoch(np.zeros((4, 2), np.float32), np.array([0, 4]))


def test_next_tokens_have_no_weights() -> None:
    with pytest.raises(ValueError, match="weights: expected None"):
        Run().run_epoch(*ragged(), None, np.ones(35, np.float32))


@pytest.mark.parametrize("lengths", [(1,), (3, 1), (1, 3)])
def test_a_sequence_of_one_token_has_no_step(lengths: tuple[int, ...]) -> None:
    where = lengths.index(1)
    with pytest.raises(ValueError, match=f"sequence {where} has one token; without targets"):
        Run().run_epoch(*ragged(lengths))


@pytest.mark.parametrize(
    "wrong",
    [np.int8, np.int16, np.uint32, np.uint64, np.float32, np.bool_, ">i4", ">u2", ">i8", object],
)
def test_tokens_of_other_types(wrong: Any) -> None:
    with pytest.raises(ValueError, match="values: expected contiguous uint8, uint16, int32 or"):
        Run().run_epoch(np.ones(4).astype(wrong), np.array([0, 4]))


@pytest.mark.parametrize("dtype", TOKEN_TYPES)
def test_tokens_that_the_table_has_not(dtype: Any) -> None:
    """The last token, which is a target only, is checked as well."""
    wrong = [V] if np.issubdtype(dtype, np.unsignedinteger) else [V, -1]
    for token in wrong:
        for place in (0, 3):
            tokens = np.ones(4, dtype)
            tokens[place] = token
            with pytest.raises(ValueError, match=f"token {token} at row {place} is not in 0..69"):
                Run().run_epoch(tokens, np.array([0, 4]))


@pytest.mark.parametrize("dtype", TOKEN_TYPES)
def test_tokens_that_are_not_in_one_run(dtype: Any) -> None:
    apart = np.ones(8, dtype)[::2]
    with pytest.raises(ValueError, match="values: expected contiguous"):
        Run().run_epoch(apart, np.array([0, 4]))
    with pytest.raises(ValueError, match="values: expected contiguous"):
        Run().run_epoch(np.ones((2, 2), dtype), np.array([0, 4]))
    if np.dtype(dtype).itemsize > 1:
        size = 4 * np.dtype(dtype).itemsize
        unaligned = np.ones(size + 1, np.uint8)[1:].view(dtype)
        with pytest.raises(ValueError, match="values: expected contiguous"):
            Run().run_epoch(unaligned, np.array([0, 4]))


# ---- Tied weights ----


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        ({"embedding_size": 0}, "set embedding_size"),
        ({"output_size": V + 1}, f"output_size is {V + 1}, and input_size {V}"),
        ({"embedding_size": 8}, "set embedding_size=9"),
        ({"embedding_size": 9, "bidirectional": True}, "set embedding_size=18"),
        ({"embedding_size": 9, "pooling": "last_mean_max"}, "set embedding_size=27"),
    ],
    ids=str,
)
def test_weights_that_cannot_be_tied(options: dict[str, Any], fix: str) -> None:
    with pytest.raises(ValueError, match=rf"tie_weights needs .*{fix}"):
        layout_of(**options, tie_weights=True)


def test_tied_weights_are_one_parameter() -> None:
    """Trained, served and streamed as the same network with a copy of the table in its head."""
    tied = layout_of(embedding_size=9, tie_weights=True)
    apart = layout_of(embedding_size=9)
    assert [name for name, *_ in apart.parameters if name != "head.weight"] == [
        name for name, *_ in tied.parameters
    ]
    assert tied.num_parameters == apart.num_parameters - V * 9
    run = Run(tied, batch_size=2)
    run.run_epoch(*ragged())
    table, bias = run.parameters[: V * 9], run.parameters[-V:]
    copied = np.concatenate([run.parameters[:-V], table, bias])
    np.testing.assert_array_equal(
        tied.predict(run.parameters, *ragged()), apart.predict(copied, *ragged())
    )
    streams = [
        _core.Stream(_core.Model(layout, parameters, loss="cross_entropy"))
        for layout, parameters in [(tied, run.parameters), (apart, copied)]
    ]
    for token in (3, 0, V - 1):
        one, other = (stream.step(token) for stream in streams)
        np.testing.assert_array_equal(one, other)
