"""Readers of the real data sets: sequences and targets, without any preprocessing."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.io import loadmat
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Split(NamedTuple):
    """Training and test part; sequences are (T_i, C) float64 arrays unless stated otherwise."""

    X: list[Any]
    y: np.ndarray
    X_test: list[Any]
    y_test: np.ndarray


def folder(given: Path | None = None) -> Path | None:
    """The data folder: the one given, that of SKRNN_DATA, or ../shared/data beside the checkout."""
    if given is None and "SKRNN_DATA" in os.environ:
        given = Path(os.environ["SKRNN_DATA"])
    if given is not None:
        if not given.is_dir():
            raise SystemExit(f"{given} is not a folder; it should hold the data sets")
        return given
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return beside if beside.is_dir() else None


def _ts(path: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """Read a .ts file: channels separated by colons, the label last."""
    with gzip.open(path, "rt") as file:
        rows = file.read().split("@data\n", 1)[1].splitlines()
    X, y = [], []
    for row in rows:
        *channels, label = row.split(":")
        X.append(np.array([channel.split(",") for channel in channels], np.float64).T.copy())
        y.append(label)
    return X, np.array(y)


def ucr_uea(data: Path, name: str) -> Split:
    """A classification archive's own split; labels are strings."""
    here = data / "ucr_uea" / name
    return Split(*_ts(here / f"{name}_TRAIN.ts.gz"), *_ts(here / f"{name}_TEST.ts.gz"))


def digits_by_rows() -> Split:
    """scikit-learn's digits: 8 rows of 8 pixels each, a quarter for the test."""
    images, labels = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        list(images.reshape(-1, 8, 8) / 16), labels, stratify=labels, random_state=0
    )
    return Split(X, y, X_test, y_test)


def movement_aal(data: Path) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Signal strengths of 314 walks, whether the room changes (+1, -1), and the house (1, 2, 3)."""
    with zipfile.ZipFile(data / "movement_aal" / "IndoorMovement.zip") as archive:

        def table(name: str) -> np.ndarray:
            return np.loadtxt(io.BytesIO(archive.read(name)), delimiter=",", comments="#")

        labels = table("dataset/MovementAAL_target.csv")
        houses = table("groups/MovementAAL_DatasetGroup.csv")
        X = [table(f"dataset/MovementAAL_RSS_{int(number)}.csv") for number in labels[:, 0]]
    return X, labels[:, 1].astype(int), houses[:, 1].astype(int)


def esol(data: Path) -> tuple[list[str], np.ndarray]:
    """SMILES of 1,128 molecules and the logarithm of their solubility, mol/L."""
    import pandas as pd

    frame = pd.read_csv(data / "molecules" / "ESOL_delaney-processed.csv")
    target = "measured log solubility in mols per litre"
    return [text.strip() for text in frame["smiles"]], frame[target].to_numpy()


class Recordings(NamedTuple):
    """Spoken digits. Each speaker says each digit 50 times: ``index``."""

    X: list[np.ndarray]
    y: np.ndarray
    index: np.ndarray
    is_test: np.ndarray


def fsdd(data: Path) -> Recordings:
    """3,000 recordings of six speakers, as frames of 13 MFCC."""
    with np.load(data / "fsdd" / "fsdd_mfcc13.npz") as file:
        X = np.split(file["feats"].astype(np.float64), file["offsets"][1:-1])
        return Recordings(
            X, file["label"].astype(int), file["index"].astype(int), file["is_test"].astype(bool)
        )


def sst2(data: Path, part: str) -> tuple[list[str], np.ndarray]:
    """Sentences of "train", "dev" or "test", and whether they praise (1) or not (0)."""
    lines = (data / "sst2" / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
    texts, labels = zip(*(line.rsplit("\t", 1) for line in lines), strict=True)
    return list(texts), np.array(labels, int)


def ud_english_ewt(data: Path, part: str) -> tuple[list[list[str]], list[list[str]]]:
    """The words of the sentences of "train", "dev" or "test", and their parts of speech (UPOS)."""
    words: list[list[str]] = []
    labels: list[list[str]] = []
    with gzip.open(
        data / "ud_english_ewt" / f"en_ewt-ud-{part}.conllu.gz", "rt", encoding="utf-8"
    ) as file:
        for sentence in file.read().split("\n\n"):
            rows = [line.split("\t") for line in sentence.splitlines() if line[:1] != "#"]
            rows = [row for row in rows if row[0].isdecimal()]  # not 1-2 and 1.1
            if rows:
                words.append([row[1] for row in rows])
                labels.append([row[3] for row in rows])
    return words, labels


def cmapss(data: Path) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """FD001: 100 engines run to failure, 100 cut off, and the latter's remaining cycles.

    Columns are three settings and 21 sensors.
    """

    def engines(name: str) -> list[np.ndarray]:
        table = np.loadtxt(data / "cmapss_fd001" / name)
        return [table[table[:, 0] == unit, 2:] for unit in np.unique(table[:, 0])]

    left = np.loadtxt(data / "cmapss_fd001" / "RUL_FD001.txt.gz")
    return engines("train_FD001.txt.gz"), engines("test_FD001.txt.gz"), left


def polymusic(data: Path, name: str, part: str) -> list[np.ndarray]:
    """Pieces of "JSB_Chorales" or "Nottingham": (T, 88) frames of the keys that sound, as 0 and 1.

    ``part`` is "train", "valid" or "test".
    """
    pieces = loadmat(data / "polymusic" / f"{name}.mat")[f"{part}data"][0]
    return [np.asarray(piece, np.float64) for piece in pieces]
