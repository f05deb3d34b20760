"""A model that is told what to write: it sees a colour, and writes its name.

It learns from the 949 names that people gave most often to colours in a survey of the comic xkcd,
which come with matplotlib. Give it names of your own, one a line, each with a tab and its colour
behind it, as in xkcd's own rgb.txt:

    python examples/colour_names.py my_colours.txt

The colour is the context: three numbers that the network reads beside each word. The script prints
how well words of unseen names are predicted by a network that is told the colour and by one that is
not, writes names for colours that it has not seen, and saves a picture of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.colors import XKCD_COLORS, to_rgb

from skrnn import RNNLanguageModel

PICTURE = Path("colour_names.png")
SHOWN = 12


def colours(path: Path | None) -> tuple[list[str], np.ndarray]:
    """Names, and red, green and blue of each, in -1..1."""
    pairs = [(name.removeprefix("xkcd:"), code) for name, code in XKCD_COLORS.items()]
    if path:
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = [tuple(line.split("\t")[:2]) for line in lines if "\t" in line]
        if len(pairs) < 2:
            raise SystemExit(f"{path} has {len(pairs)} names with a tab and a colour; needs two")
    names, codes = zip(*pairs, strict=True)
    return list(names), 2 * np.array([to_rgb(code.strip()) for code in codes]) - 1


def draw(rgb: np.ndarray, names: list[str], written: list[str], path: Path) -> None:
    """Each colour, with the name that it has and the one that was written."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 0.45 * len(names) + 0.6), layout="constrained")
    axes.barh(range(len(names)), 1, color=(rgb + 1) / 2)
    for row, pair in enumerate(zip(names, written, strict=True)):
        for x, name in zip((1.1, 2.6), pair, strict=True):
            axes.text(x, row, name, va="center")
    for x, title in ((0, "a colour"), (1.1, "its name"), (2.6, "what the network writes")):
        axes.text(x, -0.9, title, va="center", weight="bold")
    axes.set(xlim=(0, 4.2), ylim=(len(names) - 0.4, -1.3))
    axes.axis("off")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", type=Path, help="names and colours, one a line")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names, rgb = colours(options.path)
    order = np.random.default_rng(options.seed).permutation(len(names))
    names, rgb = [names[i] for i in order], rgb[order]
    cut = max(1, len(names) // 6)
    test, of_test, train, of_train = names[:cut], rgb[:cut], names[cut:], rgb[cut:]

    # Words that occur once are one word, the unknown; with batches this small 20 epochs suffice.
    told, blind = (
        RNNLanguageModel(
            analyzer="word",
            min_frequency=2,
            hidden_size=64,
            batch_size=16,
            dropout=0.3,
            max_iter=20,
            random_state=options.seed,
        )
        for _ in range(2)
    )
    told.fit(train, context=of_train)
    blind.fit(train)
    print(f"{len(train)} names of colours to learn from, {len(test)} others")
    print("\nPerplexity of the others: the number of words among which it still wavers")
    print(f"  told the colour   {told.perplexity(test, context=of_test):6.2f}")
    print(f"  told nothing      {blind.perplexity(test):6.2f}")

    shown = np.argsort(of_test.sum(axis=1))[:: max(1, cut // SHOWN)][:SHOWN]  # from dark to light
    names, rgb = [test[i] for i in shown], of_test[shown]
    written = told.generate([""] * len(shown), 5, context=rgb, temperature=0)
    print("\nColours that it has not seen:")
    print(f"  {'people called it':<26} the network calls it")
    for name, text in zip(names, written, strict=True):
        print(f"  {name:<26} {text}")
    draw(rgb, names, written, PICTURE)
    print(f"\n{PICTURE} shows them.")


if __name__ == "__main__":
    main()
