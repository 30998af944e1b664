"""A page of JSON taken apart without reading its records: each stays the text it was delivered as.

Reading a record into Python and writing it again would pass amounts through a float, or reformat them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

SPACE = re.compile(r"[ \t\n\r]*")
Json = object


class NotThePage(ValueError):  # noqa: N818  (what it says is what happened)
    """The answer is not JSON, or has no list of records where one was expected."""


class Digits(str):
    """A JSON number as its digits were delivered."""

    __slots__ = ()


@dataclass(frozen=True)
class Page:
    """The records of an answer, as text, and the rest of it as values."""

    records: list[str]
    keys: list[tuple[str, ...]]  # of each record, where key fields were named
    rest: Json  # the answer, with an empty list in place of its records


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_float=Digits, parse_int=Digits, parse_constant=_no_constant)


def steps(pointer: str) -> list[str]:
    """The keys of a JSON pointer (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def value_at(document: Json, pointer: str) -> Json:
    """The value at a JSON pointer, None where there is none; a list is entered by index, or by its object's `rel`.

    `/links/next` finds `{"links": [{"rel": "next", "href": ...}]}`, as NetSuite and other REST services link pages.
    """
    value = document
    for step in steps(pointer):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            named = next((one for one in value if isinstance(one, dict) and one.get("rel") == step), None)
            index = int(step) if step.isdecimal() else -1
            value = named.get("href") if named else value[index] if 0 <= index < len(value) else None
        else:
            return None
    return value


def read_page(content: bytes, pointer: str, key: Sequence[str] = ()) -> Page:
    """Take an answer apart, its records at `pointer`, each identified by the fields `key`; raises `NotThePage`."""
    try:
        text = content.decode(json.detect_encoding(content)).removeprefix("\ufeff")
        page = Page([], [], None)
        rest, end = _walk(text, _after_space(text, 0), steps(pointer), page, key)
        if _after_space(text, end) != len(text):
            raise NotThePage("there is more after the JSON document")
    except NotThePage:
        raise
    except (ValueError, IndexError) as error:
        raise NotThePage(f"the answer is not JSON, or is cut short: {error}") from None
    except RecursionError:
        raise NotThePage("the answer is nested too deeply") from None
    return Page(page.records, page.keys, rest)


def _after_space(text: str, position: int) -> int:
    found = SPACE.match(text, position)
    return found.end() if found else position


def _walk(text: str, position: int, path: list[str], page: Page, key: Sequence[str]) -> tuple[Json, int]:
    """Descend to the list at `path`; everything beside the way is read as a value."""
    if not path:
        return [], _list(text, position, page, key)
    if text[position : position + 1] != "{":
        raise NotThePage(f"expected an object with {path[0]!r}, found {text[position : position + 40]!r}")
    fields: dict[str, Json] = {}
    found = False
    position = _after_space(text, position + 1)
    while text[position] != "}":
        if text[position] != '"':
            raise ValueError(f"expected a key at character {position}")
        name, position = scanstring(text, position + 1, True)
        position = _after_space(text, position)
        if text[position] != ":":
            raise ValueError(f"expected a colon at character {position}")
        position = _after_space(text, position + 1)
        if name == path[0]:
            if found:
                raise NotThePage(f"the key {name!r} is there twice")
            found = True
            fields[name], position = _walk(text, position, path[1:], page, key)
        else:
            fields[name], position = _decoder.raw_decode(text, position)
        position = _next(text, position, "}")
    if not found:
        raise NotThePage(f"the answer has no {path[0]!r}; it has {', '.join(sorted(fields))[:200] or 'nothing'}")
    return fields, position + 1


def _list(text: str, position: int, page: Page, key: Sequence[str]) -> int:
    if text[position : position + 1] != "[":
        raise NotThePage(f"expected a list of records, found {text[position : position + 40]!r}")
    position = _after_space(text, position + 1)
    while text[position] != "]":  # a loop over records: each is checked by the decoder, none is built again
        value, end = _decoder.raw_decode(text, position)
        if not isinstance(value, dict):
            raise NotThePage(f"expected records that are objects, found {text[position : min(end, position + 40)]!r}")
        page.records.append(text[position:end])
        if key:
            page.keys.append(tuple(_key_value(value, field) for field in key))
        position = _next(text, end, "]")
    return position + 1


def _key_value(record: dict[str, Json], field: str) -> str:
    value = record.get(field)
    if value is None or isinstance(value, dict | list):
        raise NotThePage(f"a record has no value in its key field {field!r}")
    return str(value)


def _next(text: str, position: int, closing: str) -> int:
    """Past the comma to the next element, or to the closing mark."""
    position = _after_space(text, position)
    if text[position] == closing:
        return position
    if text[position] != ",":
        raise ValueError(f"expected a comma or {closing} at character {position}")
    position = _after_space(text, position + 1)
    if text[position] == closing:
        raise ValueError(f"nothing after the comma at character {position}")
    return position
