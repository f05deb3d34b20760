"""Nottingham: the next frame of folk tunes with chords. 694 / 173 / 170 tunes.

`_music.py` has the protocol. Settings were compared on the validation part, one seed each.

TABLE
"""

from __future__ import annotations

from typing import Any

from _music import question
from _question import main

LSTM: dict[str, Any] = {
    "cell": "lstm",
    "hidden_size": 200,
    "dropout": 0.3,
    "recurrent_dropout": 0.2,
    "max_iter": 20,
}
SETTINGS: dict[str, dict[str, Any]] = {}

QUESTION = question(
    "nottingham",
    "Nottingham",
    target=3.25,
    published={"TCN": 3.07, "GRU": 3.46, "LSTM": 3.29, "RNN": 4.05},
    settings=SETTINGS,
    chosen="",
)

if __name__ == "__main__":
    main(QUESTION, __doc__)
