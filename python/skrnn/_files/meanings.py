"""Meanings of a model's answers, to JSON and back; NumPy only."""

from __future__ import annotations

from typing import Any

from skrnn._files.fields import Fields
from skrnn._files.values import decode_array, encode_array, shorten
from skrnn._sequences.documents import CHARACTERS, INTEGERS, KINDS
from skrnn._sequences.language import Language
from skrnn._sequences.lexicon import Lexicon
from skrnn._targets.decoding import Chain, Classes, Meaning, Multilabel, NextTokens, Numbers


def section_of(meaning: Meaning) -> dict[str, Any]:
    """Return a meaning as JSON.

    Raises
    ------
    ValueError
        For classes that JSON cannot hold.
    """
    if isinstance(meaning, Classes):
        kind = "chain" if isinstance(meaning, Chain) else "classes"
        return {"kind": kind, "labels": encode_array(meaning.classes, "classes_")}
    if isinstance(meaning, Multilabel):
        return {"kind": "flags"}
    if isinstance(meaning, NextTokens):
        language = meaning.language
        return {"kind": "next_tokens", "tokens": language.kind, "one_text": language.one_text}
    assert isinstance(meaning, Numbers)
    return {"kind": "numbers", "one_column": bool(meaning.one_column)}


def meaning_of(answers: Fields, loss: Fields, size: int, lexicon: Lexicon | None) -> Meaning:
    """Return the meaning of the answers of the model in a file.

    Parameters
    ----------
    answers, loss : Fields
        The section of `section_of`, and that of the loss, which the core reads.
    size : int
        A, the answers that the model has for each sequence.
    lexicon : Lexicon or None
        Of an estimator that reads strings.

    Raises
    ------
    ValueError
        For sections that no estimator writes.
    """
    kind, name = answers.of_type("kind", str), loss.of_type("name", str)
    if kind in ("classes", "chain") and name == "cross_entropy":
        labels = decode_array(answers.get("labels"), f"{answers.path}.labels")
        if len(labels) != size:
            raise ValueError(f"{answers.path} has {len(labels)} labels for {size} outputs")
        if labels.tolist() != sorted(set(labels.tolist())):
            raise ValueError(f"the labels in {answers.path} are not sorted, or not unique")
        return Chain(labels) if kind == "chain" else Classes(labels)
    if kind == "next_tokens" and name == "cross_entropy":
        vocabulary = None if lexicon is None else lexicon.tokens
        tokens = answers.of_type("tokens", str)
        if tokens not in KINDS or (tokens == INTEGERS) != (vocabulary is None):
            raise ValueError(
                f"{answers.path}.tokens {shorten(tokens)} does not suit its vocabulary"
            )
        if tokens == CHARACTERS and any(len(token) != 1 for token in vocabulary or ()):
            raise ValueError(f"{answers.path}: its vocabulary holds something else than characters")
        known = size if vocabulary is None else len(vocabulary) + 2
        if size < 2 or known != size:
            raise ValueError(f"{answers.path} has {known} tokens for {size} outputs")
        return NextTokens(Language(tokens, answers.of_type("one_text", bool), size, vocabulary))
    if kind == "flags" and name == "binary_cross_entropy":
        return Multilabel(size)
    if kind == "numbers" and name != "cross_entropy":
        targets = loss.integer("targets", 1)
        one_column = answers.of_type("one_column", bool)
        if one_column and targets != 1:
            raise ValueError(f"{answers.path} has one column, and loss {targets} targets")
        quantile = name == "quantile"
        levels = loss.fields("options").of_type("quantiles", list) if quantile else None
        return Numbers(targets, one_column, None if levels is None else len(levels))
    raise ValueError(f"{answers.path}.kind {shorten(kind)} does not suit the loss {name!r}")
