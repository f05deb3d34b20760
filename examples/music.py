"""Learn pieces for the piano frame by frame with an LSTM, and let it write one.

A frame has the 88 keys of a piano, 1 for those that sound; there are two frames a beat. Without a
folder of MIDI files the pieces come from a small grammar (`compose`): phrases of four chords that
end in a cadence, each with a bass, an arpeggio and a melody of chord notes, in C, F or G major.

Prints how well the next frame is predicted on pieces not seen in training, as the negative
log-likelihood of a frame, beside simpler predictions; the grammar itself, whose choices are known,
is the limit. Then the network goes on with the beginning of such a piece. The result is saved to
music.mid and, as a picture, to music.png. Needs mido and matplotlib:
``pip install "scikit-rnn[examples]"``.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import matplotlib as mpl
import mido
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

from skrnn import RNNStepRegressor

LOWEST = 21  # the MIDI number of the first of the 88 keys
KEYS = 88
STEPS_PER_BEAT = 2
BAR = 4 * STEPS_PER_BEAT

# The chords that may follow a chord, each as likely as the others; degrees of the major scale.
FOLLOWING = {1: [4, 5, 6, 2], 2: [5, 4], 4: [1, 2, 5], 5: [6, 1], 6: [4, 2]}
# The last two chords of a phrase: a half cadence in the first, an authentic one in the second.
CADENCES = [[4, 5], [5, 1]]
PATTERNS = [[0, 1, 2, 1] * 2, [0, 2, 1, 2] * 2, [0, 1, 2, 3, 2, 1, 2, 1]]  # of arpeggios
SCALE = [0, 2, 4, 5, 7, 9, 11]


def chord(degree: int, count: int = 4) -> list[int]:
    """Semitones above the tonic of the notes of a chord, from its root upwards."""
    steps = [degree - 1 + 2 * (i % 3) + 7 * (i // 3) for i in range(count)]
    return [SCALE[step % 7] + 12 * (step // 7) for step in steps]


def compose(rng: np.random.Generator, phrases: int = 4) -> tuple[np.ndarray, float]:
    """A piece, (T, 88), and minus the logarithm of the probability of its choices.

    Without that of the key, which the first frame tells.
    """
    tonic = 48 + int(rng.choice([0, 5, 7])) - LOWEST
    frames = np.zeros((phrases * 4 * BAR, KEYS))
    cost, melody = 0.0, 1

    def choose(options: list) -> int:
        nonlocal cost
        cost += math.log(len(options))
        return options[int(rng.integers(len(options)))]

    for phrase in range(phrases):
        pattern = PATTERNS[choose([0, 1, 2])]
        degrees = [1]
        degrees += [choose(FOLLOWING[1])] + CADENCES[phrase % 2]
        for bar, degree in enumerate(degrees):
            notes = chord(degree)
            for beat in range(0, BAR, BAR // 2):
                begin = (phrase * 4 + bar) * BAR + beat
                if begin > 0:  # the melody stays, or moves to a neighbour in the chord
                    melody = choose([m for m in (melody - 1, melody, melody + 1) if 0 <= m < 4])
                frames[begin : begin + BAR // 2, tonic + 24 + notes[melody]] = 1
                frames[begin : begin + BAR // 2, tonic - 12 + notes[0]] = 1
                for step in range(BAR // 2):
                    frames[begin + step, tonic + 12 + notes[pattern[beat + step]]] = 1
    return frames, cost


def read_midi(path: Path) -> np.ndarray:
    """The frames, (T, 88), of a MIDI file, without drums."""
    file = mido.MidiFile(path)
    frame, ticks, sounding, spans = file.ticks_per_beat / STEPS_PER_BEAT, 0, {}, []
    for message in mido.merge_tracks(file.tracks):
        ticks += message.time
        if message.type not in ("note_on", "note_off") or message.channel == 9:
            continue
        begin = sounding.pop((message.channel, message.note), None)
        if begin is not None:
            spans.append((message.note - LOWEST, begin, ticks))
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note] = ticks
    frames = np.zeros((round(ticks / frame), KEYS))
    for key, begin, end in spans:
        if 0 <= key < KEYS:
            first = round(begin / frame)
            frames[first : max(round(end / frame), first + 1), key] = 1
    return frames


def write_midi(frames: np.ndarray, path: Path, bpm: int = 100) -> None:
    """Save frames; a key that sounds in neighbouring frames is held."""
    file = mido.MidiFile()
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    file.tracks.append(track)
    frame = file.ticks_per_beat // STEPS_PER_BEAT
    silence = np.zeros((1, KEYS))
    changes, last = np.diff(frames, axis=0, prepend=silence, append=silence), 0
    for step, key in np.argwhere(changes):
        kind = "note_on" if changes[step, key] > 0 else "note_off"
        time, last = (step - last) * frame, step
        track.append(mido.Message(kind, note=int(key) + LOWEST, velocity=70, time=int(time)))
    file.save(path)


def draw(frames: np.ndarray, taken_over: int, path: Path) -> None:
    """Save a picture: time from left to right, keys from low to high."""
    used = np.flatnonzero(frames.any(axis=0))
    low, high = max(used[0] - 2, 0), min(used[-1] + 3, KEYS)
    shown = frames.T[low:high].copy()
    shown[:, taken_over:] *= 2
    figure, axes = plt.subplots(figsize=(12, 4.5), layout="constrained")
    # Bars, from 1 on, and keys by their MIDI numbers; a cell is centred on its key.
    extent = (1, 1 + len(frames) / BAR, low + LOWEST - 0.5, high + LOWEST - 0.5)
    colours = ListedColormap(["white", "tab:gray", "tab:blue"])
    axes.imshow(
        shown,
        cmap=colours,
        vmin=0,
        vmax=2,
        origin="lower",
        aspect="auto",
        extent=extent,
        interpolation="nearest",
    )
    octaves = [key for key in range(low + LOWEST, high + LOWEST) if key % 12 == 0]
    axes.set_yticks(octaves, [f"C{key // 12 - 1}" for key in octaves])
    axes.set_xticks(np.arange(1, 1 + len(frames) / BAR))
    axes.grid(color="0.85", linewidth=0.6)
    axes.axvline(1 + taken_over / BAR, color="tab:red")
    axes.set(xlabel="bar", ylabel="key", title="Given (gray), and written by the network (blue)")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def nll(probabilities: np.ndarray, frames: np.ndarray) -> float:
    """The negative log-likelihood of a frame, summed over its keys; arrays of shape (S, 88)."""
    likelihood = frames * np.log(probabilities) + (1 - frames) * np.log1p(-probabilities)
    return float(-likelihood.sum(axis=1).mean())


def next_frames(pieces: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The frames that are read, and the frames that follow them."""
    return [piece[:-1] for piece in pieces], [piece[1:] for piece in pieces]


def simple_scores(train: list[np.ndarray], test: list[np.ndarray]) -> dict[str, float]:
    """The scores of predictions that need no network, with frequencies of the training pieces."""
    last, frames = map(np.concatenate, next_frames(train))
    test_last, test_frames = map(np.concatenate, next_frames(test))
    often = (frames.sum(axis=0) + 1) / (len(frames) + 2)
    after_silence, after_sound = (
        (frames[last == value].sum() + 1) / ((last == value).sum() + 2) for value in (0, 1)
    )
    again = np.where(test_last == 1, after_sound, after_silence)
    return {
        "the frequency of each key": nll(np.tile(often, (len(test_frames), 1)), test_frames),
        "the last frame again": nll(again, test_frames),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Learn music, and write some.")
    parser.add_argument("--midi", type=Path, help="a folder of MIDI files to learn from")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--bars", type=int, default=12, help="how many bars to write")
    parser.add_argument("--seed", type=int, default=0, help="of the frames that are drawn")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder of the results")
    given = parser.parse_args(arguments)

    rng = np.random.default_rng(0)
    limit = {}
    if given.midi is None:
        composed = [compose(rng) for _ in range(150)]
        pieces = [frames for frames, _ in composed]
    else:
        pieces = [read_midi(path) for path in sorted(given.midi.rglob("*.mid*"))]
        pieces = [piece for piece in pieces if len(piece) > 4 * BAR]
        if len(pieces) < 2:
            raise SystemExit(f"{given.midi} has {len(pieces)} MIDI files of four bars; needs two")
    order = rng.permutation(len(pieces))
    held_out = max(1, len(pieces) // 6)
    test, train = ([pieces[i] for i in part] for part in (order[:held_out], order[held_out:]))
    if given.midi is None:
        costs = [composed[i][1] / (len(pieces[i]) - 1) for i in order[:held_out]]
        limit["the grammar that composed them"] = float(np.mean(costs))

    model = RNNStepRegressor(
        cell="lstm",
        hidden_size=96,
        loss="binary_cross_entropy",
        standardize=False,
        learning_rate_init=0.03,
        max_iter=given.epochs,
        batch_size=8,
        tbptt=BAR * 2,  # an update every two bars, with the state of the bars before
        random_state=0,
    )
    start = time.perf_counter()
    model.fit(*next_frames(train))
    print(f"{len(train)} pieces, {sum(map(len, train))} frames, {given.epochs} epochs")
    print(f"fit in {time.perf_counter() - start:.1f} s")
    print(f"negative log-likelihood of a frame, on {len(test)} pieces not seen in training")
    scores = simple_scores(train, test)
    scores[f"{model.cell.upper()} of {model.hidden_size} units"] = -model.score(*next_frames(test))
    for name, value in (scores | limit).items():
        print(f"    {name:<32}{value:7.2f}")

    prefix = test[0][: 4 * BAR]
    written = model.generate(prefix, given.bars * BAR, random_state=given.seed)
    whole = np.concatenate([prefix, written])
    write_midi(whole, given.out / "music.mid")
    mpl.use("Agg")
    draw(whole, len(prefix), given.out / "music.png")
    print(f"music    {(given.out / 'music.mid').resolve()}")
    print(f"picture  {(given.out / 'music.png').resolve()}")


if __name__ == "__main__":
    main()
