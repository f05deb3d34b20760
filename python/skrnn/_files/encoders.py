"""A TokenEncoder to JSON and back."""

from __future__ import annotations

from typing import Any

from skrnn._files.description import LONGEST_PATTERN, Tokens
from skrnn._files.fields import Fields
from skrnn._files.values import complete_params, encode, shorten
from skrnn._files.vocabulary import vocabulary_section
from skrnn.preprocessing import TokenEncoder


def encoder_section(step: TokenEncoder, what: str) -> dict[str, Any]:
    """Return the section of a fitted encoder in a file; `what` is its name in messages.

    Raises
    ------
    ValueError
        For a callable analyzer, and for tokens of other types than text and integers.
    """
    if callable(step.analyzer):
        raise ValueError(
            f"{what} has the analyzer {step.analyzer!r}, and a file holds no code; use 'word' with "
            "a token_pattern, or 'char', or encode texts before the pipeline"
        )
    if len(step.token_pattern) > LONGEST_PATTERN:
        raise ValueError(
            f"{what} has a token_pattern of more than {LONGEST_PATTERN} characters, which cannot "
            "be saved"
        )
    params = step.get_params()
    return {
        "class": "TokenEncoder",
        "params": {key: encode(value, f"{key} of {what}") for key, value in params.items()},
        "vocabulary": vocabulary_section(step.vocabulary_, what),
    }


def encoder_of(step: Fields, tokens: Tokens) -> TokenEncoder:
    """Return the fitted encoder that a file describes.

    Raises
    ------
    ValueError
        For parameters that no encoder can have.
    """
    params = step.decoded("params")
    complete_params(params, TokenEncoder, step.path)
    encoder = TokenEncoder(**params)
    for name in ("min_frequency", "max_tokens"):
        value = params[name]
        if not (type(value) is int and value >= 1) and not (name == "max_tokens" and value is None):
            raise ValueError(f"{step.path}.params.{name} is {shorten(value)}")
    encoder.vocabulary_ = dict(tokens.vocabulary)
    encoder.n_tokens_ = len(encoder.vocabulary_) + 1
    return encoder
