"""The next move of a game, learned from games alone: no rules, no board.

Give it games of your own, one a line, with moves between blanks, as those of a database of chess
openings without their numbers:

    python examples/game_moves.py my_games.txt

Without them it watches two players of tic-tac-toe, on a board of the fields 1 to 9: they win or
hinder a win where they can, and else move at random. It prints how often the move that is played is
the one, or among the three, that the network deems most probable, beside counts of the moves that
follow the last ones, and saves a picture of what it expects in a game.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

import matplotlib as mpl
import numpy as np

from skrnn import RNNLanguageModel

PICTURE = Path("game_moves.png")
LINES = ["123", "456", "789", "147", "258", "369", "159", "357"]
GAMES = 3000
ORDER = 3


def tic_tac_toe(rng: np.random.Generator) -> list[str]:
    """One game: the fields in the order in which they are taken."""
    moves: list[str] = []
    while len(moves) < 9:
        mine, others = set(moves[len(moves) % 2 :: 2]), set(moves[1 - len(moves) % 2 :: 2])
        free = [field for field in "123456789" if field not in moves]
        for fields in (mine, others):  # win, or else hinder
            urgent = [f for f in free if any(set(line) <= fields | {f} for line in LINES)]
            if urgent:
                break
        moves.append(str(rng.choice(urgent or free)))
        if any(set(line) <= mine | {moves[-1]} for line in LINES):
            break
    return moves


class Counts:
    """The moves after the last ORDER ones; where those are new, after fewer (back-off)."""

    def __init__(self, games: list[list[str]]) -> None:
        self.after: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for game in games:
            for i, move in enumerate(game):
                for order in range(min(ORDER, i) + 1):
                    self.after[tuple(game[i - order : i])][move] += 1

    def best(self, played: list[str]) -> list[str]:
        """The three moves that followed most often."""
        found: list[str] = []
        for order in range(min(ORDER, len(played)), -1, -1):
            counts = self.after.get(tuple(played[len(played) - order :]))
            ranked = counts.most_common() if counts else []
            found += [move for move, _ in ranked if move not in found]
            if len(found) >= 3:
                break
        return found[:3]


def shares(best: list[list[str]], played: list[str]) -> tuple[float, float]:
    """How often the move that was played is the first, or one of three."""
    first = [moves[:1] == [move] for moves, move in zip(best, played, strict=True)]
    three = [move in moves for moves, move in zip(best, played, strict=True)]
    return float(np.mean(first)), float(np.mean(three))


def best_of(model: RNNLanguageModel, prefixes: list[list[str]]) -> list[list[str]]:
    rows = model.predict_proba(prefixes)[:, 1:-1]  # without the unknown move and the end
    return [[model.classes_[1 + i] for i in np.argsort(-row)[:3]] for row in rows]


def draw(model: RNNLanguageModel, game: list[str], path: Path) -> None:
    """The probabilities of the most probable moves, at each point of a game."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rows = model.predict_proba([game[:i] for i in range(len(game))])
    shown = np.sort(np.argsort(-rows.max(axis=0))[:12])
    names = [str(model.classes_[i]) for i in shown]
    figure, axes = plt.subplots(figsize=(1.5 + 0.6 * len(game), 4), layout="constrained")
    image = axes.imshow(rows[:, shown].T, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for i, move in enumerate(game):
        if move in names:
            axes.plot(i, names.index(move), "o", color="tab:orange")
    axes.set_xticks(range(len(game)), game)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("the moves of a game")
    axes.set_title("What the network expects (blue), and what is played (dots)")
    figure.colorbar(image, label="probability")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", type=Path, help="games, one a line")
    parser.add_argument("--epochs", type=int, help="more take longer")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    if options.path:
        lines = options.path.read_text(encoding="utf-8").splitlines()
        games = [line.split() for line in lines if line.strip()]
    else:
        games = [tic_tac_toe(rng) for _ in range(GAMES)]
    games = [games[i] for i in rng.permutation(len(games))]
    cut = max(1, len(games) // 5)
    test, train = games[:cut], games[cut:]

    model = RNNLanguageModel(max_iter=options.epochs, random_state=options.seed).fit(train)
    prefixes = [game[:i] for game in test for i in range(len(game))]
    played = [move for game in test for move in game]
    counts = Counts(train)
    print(f"{len(train):,} games to learn from, {len(played):,} moves of {len(test):,} others")
    print("the move that is played is        the first   among three")
    for name, best in [
        ("the network", best_of(model, prefixes)),
        (f"counts after {ORDER} moves", [counts.best(prefix) for prefix in prefixes]),
    ]:
        first, three = shares(best, played)
        print(f"  {name:<30} {first:8.3f} {three:12.3f}")
    print("\nA game that it plays against itself:")
    print(" ", *model.generate(temperature=0.5, random_state=options.seed))
    draw(model, max(test[:50], key=len), PICTURE)
    print(f"{PICTURE} shows what it expects in a game.")


if __name__ == "__main__":
    main()
