"""JSON values as cells of a table: a record flattened by path, numbers with the digits they were delivered with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ingestion.readers.text_table import RESERVED

EXPONENT_LIMIT = 40
_SURROGATE = re.compile("[\ud800-\udfff]")
Json = object
Row = dict[str, str | None]


class Number(str):
    """A JSON number as its digits were delivered."""

    __slots__ = ()


def elements(record: Mapping[str, Json], each: str) -> list[dict[str, Json]]:
    """The objects of a nested list; OData V2 wraps it in `results`."""
    value: Json = record
    for step in each.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict):
        results = value.get("results")
        value = results if isinstance(results, list) else [] if "__deferred" in value else [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def flat(record: Mapping[str, Json], lists: Sequence[str], prefix: str = "") -> Row:
    """The fields of a record by path, as text; the lists that make tables of their own are left out."""
    row: Row = {}
    for key, value in record.items():
        name = prefix + key
        if name in lists or key.startswith(("__", "@odata")) or "@odata." in key:
            continue
        if name in RESERVED:
            name += "#2"
        if type(value) is str:  # as most are; a number is a `Number`
            row[name] = value
        elif isinstance(value, dict):
            if "__deferred" not in value:
                row.update(flat(value, lists, f"{name}."))
        else:
            row[name] = _text(value)
    return row


def _text(value: Json) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return _plain(value) if "e" in value or "E" in value else value
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return "\n".join(text for one in value if (text := _text(one)) is not None)
    return json.dumps(value, ensure_ascii=False)


def _plain(number: str) -> str:
    """A number with an exponent written out, where that is short; else as delivered."""
    exponent = number.lower().partition("e")[2]
    is_short = len(exponent) <= 3 and abs(int(exponent)) <= EXPONENT_LIMIT
    return Number(f"{Decimal(number):f}") if is_short else number


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8: it holds no half of a surrogate pair."""
    return text.isascii() or _SURROGATE.search(text) is None
