"""Columns put together from the texts of containers that were taken (`xml_shapes`), a shape at a time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.readers import iso20022_values as values
from ingestion.readers.shape_leaves import Captured, Text
from ingestion.readers.xml_text import XML_SPACE, TextResolver
from ingestion.record_columns import AMOUNT_SCALE, Cell, Column, int_amount_array
from ingestion.references import account_id

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_Cell = TypeVar("_Cell")
_CENTS = re.compile(r"[0-9]++\.[0-9]{2}(?:\0[0-9]++\.[0-9]{2})*+")


def as_they_are(texts: Sequence[str]) -> Sequence[str]:
    """Texts that are kept as they are."""
    return texts


class TakenColumns:
    """The cells of rows of one contract, by column. Whatever has to be a good value is known to be one."""

    def __init__(self, resolver: TextResolver) -> None:
        self.count = 0  # rows
        self._resolver = resolver
        self._texts: dict[str, list[tuple[int, int, Sequence[str] | str]]] = defaultdict(list)  # first row, rows, cells
        self._numbers: dict[str, list[tuple[int, Ints]]] = defaultdict(list)

    def add(self, texts: Mapping[str, Text], captured: Captured, numbers: Mapping[str, Ints], count: int) -> None:
        """The next `count` rows, taken with one shape. Columns it does not have may be left out."""
        for name, source in texts.items():
            if source is not None:
                cells = source if isinstance(source, str) else _lines(source, captured)
                self._texts[name].append((self.count, count, cells))
        for name, column in numbers.items():
            self._numbers[name].append((self.count, column))
        self.count += count

    def has_numbers(self, name: str) -> bool:
        """Whether a column is one of numbers."""
        return name in self._numbers

    def cells(self, name: str, made: Callable[[Sequence[str]], Sequence[_Cell | None]]) -> list[_Cell | None]:
        """What is made of the texts of a column; None where there is none."""
        cells: list[_Cell | None] = [None] * self.count
        for first, count, texts in self._texts[name]:
            if isinstance(texts, str):  # a constant is what it stands for
                cells[first : first + count] = [made([texts])[0]] * count
            else:
                cells[first : first + count] = made(self._resolver.column_resolved(texts))
        return cells

    def column(
        self, name: str, kind: pa.DataType, made: Callable[[Sequence[str]], Sequence[Cell]] = as_they_are
    ) -> Column | None:
        """The texts of a column, or what is made of them; None where no row has one."""
        return pa.array(self.cells(name, made), kind) if name in self._texts else None

    def amounts(self, name: str) -> tuple[Ints, Flags]:
        """The amounts of a column of texts, scaled by 100,000, and where there is one."""
        amounts, present = np.zeros(self.count, dtype=np.int64), np.zeros(self.count, dtype=np.bool_)
        for first, count, texts in self._texts[name]:
            amounts[first : first + count] = scaled_amounts(texts)
            present[first : first + count] = True
        return amounts, present

    def numbers(self, name: str) -> tuple[Ints, Flags]:
        """The numbers of a column, and where there is one."""
        numbers, present = np.zeros(self.count, dtype=np.int64), np.zeros(self.count, dtype=np.bool_)
        for first, column in self._numbers[name]:
            numbers[first : first + len(column)] = column
            present[first : first + len(column)] = True
        return numbers, present


def _lines(places: tuple[int, ...], captured: Captured) -> Sequence[str]:
    """The texts captured at a place, or those of several places, one a line."""
    if len(places) == 1:
        return captured[places[0]]
    of_each = zip(*(captured[place] for place in places), strict=True)
    return ["\n".join([line.rstrip(XML_SPACE) for line in lines]) for lines in of_each]


def scaled_amounts(texts: Sequence[str]) -> list[int]:
    """Amounts in the form of `camt_layout`, scaled by 100,000."""
    whole = "\0".join(texts)
    if _CENTS.fullmatch(whole):
        return [AMOUNT_SCALE // 100 * int(cents) for cents in whole.replace(".", "").split("\0")]
    return [values.amount(text) for text in texts]


def given_identifiers(texts: Sequence[str]) -> Sequence[str | None]:
    """Identifiers, None where the sender wrote that there is none."""
    whole = "\0".join(texts).upper()
    if not any(word in whole for word in values.NOT_GIVEN):
        return texts
    return [values.given(text) for text in texts]


def account_ids(texts: Sequence[str]) -> Sequence[str]:
    """Accounts as the raw layer writes them."""
    written = {text: account_id(text) for text in set(texts)}
    return [written[text] for text in texts]


def amount_column(amounts: Ints, present: Flags) -> Column:
    """Scaled amounts as a column, null where there is none."""
    return int_amount_array(amounts, None if present.all() else present)
