"""Columns of data frames as keys, as channels and as tokens; pandas and polars alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Channel:
    """A column of numbers or categories."""

    name: Any
    comparable: NDArray[Any]  # (S,): its values, or codes of categories, -1 where missing
    categories: list[Any] | None = None

    @property
    def can_be_tokens(self) -> bool:
        """Whether it holds integers or categories."""
        return bool(self.comparable.dtype.kind in "iu")

    def tokens(self) -> NDArray[Any]:
        """Return one integer for each row.

        Raises
        ------
        ValueError
            For a category that is missing.
        """
        if self.categories is not None and (self.comparable < 0).any():
            raise ValueError(
                f"column {self.name!r} has a missing value in row "
                f"{int(np.argmin(self.comparable))}, which is no token; fill it with a category of "
                "its own, or drop the row"
            )
        return self.comparable

    def block(self) -> NDArray[Any]:
        """Return its channels, (S, 1), or (S, K) with an indicator for each of K categories."""
        if self.categories is None:
            return self.comparable[:, None]
        codes = self.comparable[:, None]
        indicators: NDArray[Any] = (codes == np.arange(len(self.categories))).astype(np.float32)
        indicators[self.comparable < 0] = np.nan
        return indicators

    def names(self) -> list[Any]:
        """Return the names of its channels."""
        if self.categories is None:
            return [self.name]
        return [f"{self.name}_{category}" for category in self.categories]


def channel_of(series: Any, name: Any) -> Channel:
    """Read a column.

    Raises
    ------
    ValueError
        For several columns of one name, and for a column that holds neither numbers nor categories.
    """
    if getattr(series, "ndim", 1) != 1:
        _refuse_several(name)
    kind = type(series.dtype).__name__
    if kind == "CategoricalDtype":  # of pandas
        codes = np.asarray(series.cat.codes, np.int64)
        return Channel(name, codes, series.dtype.categories.tolist())
    if kind in ("Enum", "Categorical"):  # of polars, where only the first knows its categories
        cells = series.to_list()
        known = series.dtype.categories if kind == "Enum" else sorted({*cells} - {None})
        numbers = {category: code for code, category in enumerate(known)}
        codes = np.fromiter((numbers.get(cell, -1) for cell in cells), np.int64, len(cells))
        return Channel(name, codes, list(numbers))
    return Channel(name, _numbers(series, name))


def keys_of(series: Any, name: Any, role: str) -> NDArray[Any]:
    """Return the keys of sequences or steps, without missing values.

    Raises
    ------
    ValueError
        For several columns of one name, and for missing values.
    """
    missing = np.asarray(series.isna() if hasattr(series, "isna") else series.is_null())
    if missing.ndim != 1:
        _refuse_several(name)
    array = np.asarray(series.to_numpy())
    if array.dtype.kind == "f":
        missing = missing | np.isnan(array)  # polars' is_null is false for NaN
    if missing.any():
        raise ValueError(
            f"column {name!r} of {role} has a missing value in row {int(np.argmax(missing))}; fill "
            "it, or drop the row"
        )
    return array


def order_of(series: Any, name: Any) -> NDArray[Any]:
    """Return the sort keys: values, or the codes of ordered categories."""
    keys = keys_of(series, name, "sort_by")
    if type(series.dtype).__name__ in ("CategoricalDtype", "Enum"):
        return channel_of(series, name).comparable
    return keys


def _numbers(series: Any, name: Any) -> NDArray[Any]:
    array = np.asarray(series.to_numpy())
    if array.dtype == object and hasattr(series, "iloc"):  # pandas' nullable columns, among others
        if any(isinstance(cell, (str, bytes)) for cell in array):
            _refuse_strings(series, name)  # which pandas would convert to numbers
        try:
            return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError, OverflowError):
            pass
    if array.dtype.kind in "biuf":
        return array
    cells = list(series)
    if any(isinstance(cell, (str, bytes)) for cell in cells):
        _refuse_strings(series, name)
    fix = "convert it, or name the channels in columns"
    if any(hasattr(cell, "__len__") for cell in cells):
        fix = (
            "every cell holds several values. Write one row a step, with .explode() for one; where "
            "a row is a whole sequence, Sequences.from_aeon reads the frame"
        )
    raise ValueError(
        f"column {name!r} has dtype {series.dtype}, which is not made of numbers; {fix}"
    )


def _refuse_strings(series: Any, name: Any) -> NoReturn:
    pandas = hasattr(series, "iloc")
    convert = ".astype('category')" if pandas else ".cast(pl.Enum([...]))"
    raise ValueError(
        f"column {name!r} holds strings, dtype {series.dtype}, which are not numbers. For an "
        f"indicator channel of each value make categories of it, {convert}; for tokens use "
        "skrnn.preprocessing.TokenEncoder; to leave it out name the channels in columns"
    )


def _refuse_several(name: Any) -> NoReturn:
    raise ValueError(f"df has several columns {name!r}; give each a name of its own")
