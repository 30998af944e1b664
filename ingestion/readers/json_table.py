"""JSON cut into a table of text: one document with a list of records, or one record a line (JSON lines).

Numbers keep the digits they were delivered with and never become floats. Nested objects become columns named by their
path (`supplier.name`); a list that a mapping names with `each` makes a table of its own, whose rows carry the record's
fields too. Fields of the protocol (`@odata.etag`, `__metadata`) are no data and are left out.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from ingestion.declaration import FileDeclaration, Mapping_
from ingestion.declaration_fit import best_fit, is_header, missing_columns, read_columns
from ingestion.readers.json_cells import Json, Number, Row, elements, flat, is_text
from ingestion.readers.json_stream import loads, outline, records_at, value_at
from ingestion.readers.text_table import (
    BYTE_END,
    BYTE_START,
    LINE,
    PLACE,
    SHOWN_TEXT,
    BadRow,
    TextBlock,
    TextTable,
    same_name,
)
from ingestion.reading import FileRejected

LINE_LIMIT = 1 << 23
BLOCK_RECORDS = 20_000
SAMPLE_RECORDS = 1000
_RESULTS = ("/d/results", "/d")  # of OData V2
Tables = list[tuple[tuple[Mapping_, ...], TextTable]]


@dataclass(frozen=True)
class _Record:
    """One record of the file: its ordinal or line, its bytes where known, and its value or why it is none."""

    place: int
    value: Json
    start: int | None = None
    end: int | None = None
    fault: str = ""
    text: str = ""


def json_tables(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, Tables]:
    """The tables of a JSON file and the declaration it is for; raises `FileRejected` where it is not JSON or fits
    none."""
    stream.seek(0)
    first = stream.readline(LINE_LIMIT)
    second = stream.readline(LINE_LIMIT)
    stream.seek(0)
    if (_is_object(first) and second.strip()) or _is_object(second):
        return _from_lines(stream, candidates)
    return _from_document(stream, candidates)


def _is_object(line: bytes) -> bool:
    text = line.removeprefix(codecs.BOM_UTF8).strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


# documents
# -------------------------------------------------------------------------------------------------------------


def _from_document(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, Tables]:
    """The records of one document, which are read a second time, one after another, once the declaration is known."""
    pointers = {pointer for candidate in candidates for pointer in candidate.records} | set(_RESULTS)
    document = outline(stream, sorted(pointers), SAMPLE_RECORDS)
    records_of = {candidate.records: _records(document, candidate.records) for candidate in candidates}
    declaration, names = _chosen(candidates, records_of, _entity(document))
    pointer = next((one for one in declaration.records if _is_of_records(value_at(document, one))), "")

    def records() -> Iterator[_Record]:
        return (_Record(position, value) for position, value in enumerate(records_at(stream, pointer), 1))

    return declaration, _tables(declaration, names, records, _paging_notes(document), "record")


def _is_of_records(value: Json) -> bool:
    return isinstance(value, list | dict)


def _records(document: Json, pointers: Sequence[str]) -> list[Json] | None:
    """The list at the first pointer that exists; an object there is a list of one."""
    for pointer in pointers:
        value = value_at(document, pointer)
        if isinstance(value, list):
            return value
        if isinstance(value, dict):
            return [value]
    return None


def _entity(document: Json) -> str:
    """The OData entity a document says it is of: `@odata.context` (V4) or the type of its first record (V2)."""
    if isinstance(document, dict):
        context = document.get("@odata.context")
        if isinstance(context, str):
            # without a fragment, it is the address of the service alone
            return context.partition("#")[2].partition("(")[0].removesuffix("/$entity")
        record = next(iter(_records(document, _RESULTS) or []), None)
        metadata = record.get("__metadata") if isinstance(record, dict) else None
        kind = metadata.get("type") if isinstance(metadata, dict) else None
        if isinstance(kind, str):
            return kind.rpartition(".")[2].removesuffix("Type")
    return ""


def _paging_notes(document: Json) -> list[str]:
    if not isinstance(document, dict):
        return []
    inner = document.get("d")
    more = (
        document.get("@odata.nextLink") is not None
        or document.get("hasMore") is True
        or (isinstance(inner, dict) and inner.get("__next") is not None)
    )
    return ["the file says that more pages follow it"] if more else []


def _chosen(
    candidates: Sequence[FileDeclaration], records_of: Mapping[tuple[str, ...], list[Json] | None], entity: str
) -> tuple[FileDeclaration, tuple[str, ...]]:
    """The declaration a file is for, and the columns of its records."""
    named = [one for one in candidates if entity and entity.casefold() in {name.casefold() for name in one.entity}]
    if entity and not named and any(one.entity for one in candidates):
        known = ", ".join(name for one in candidates for name in one.entity)
        named = [one for one in candidates if not one.entity]
        if not named:
            raise FileRejected(
                "no declaration is for this entity", place="entity", found=entity, expected=known,
                advice="declare the entity in config/sources.yml: its columns under `declaration:`",
            )  # fmt: skip
    open_to = named or list(candidates)
    tries: list[tuple[FileDeclaration, tuple[str, ...]]] = []
    for one in open_to:
        records = records_of[one.records]
        if records is None:
            continue
        if not records:
            return one, ()
        tries.append((one, _columns(records[:SAMPLE_RECORDS])))
    if not tries:
        raise FileRejected(
            "the JSON has no list of records where one was declared",
            place="records",
            expected=" or ".join(
                dict.fromkeys(pointer or "the document itself" for one in open_to for pointer in one.records)
            ),
            advice="set `records` of the declaration to the pointer of the list, e.g. /data/items",
        )
    fitting = [(one, names) for one, names in tries if is_header(one, names)]
    if not fitting:
        one, names = max(tries, key=lambda pair: read_columns(*pair))
        raise FileRejected(
            "the records do not have the declared fields",
            place="records",
            found=", ".join(names)[:SHOWN_TEXT],
            expected="missing: " + "; ".join(missing_columns(one, names) or ("any declared field",)),
            advice="the sender changed the fields, or the declaration names them otherwise",
        )
    return fitting[best_fit([(one, read_columns(one, names)) for one, names in fitting], fitting[0][1])]


# lines ----------------------------------------------------------------------------------------------------------------


def _from_lines(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, Tables]:
    sample: list[Json] = []
    for record in _lines(stream):
        if isinstance(record.value, dict):
            sample.append(record.value)
        if len(sample) == SAMPLE_RECORDS:
            break
    declaration, names = _chosen(candidates, {one.records: sample for one in candidates}, "")
    return declaration, _tables(declaration, names, lambda: _lines(stream), [], "line")


def _lines(stream: BinaryIO) -> Iterator[_Record]:
    """One record a line, each with its bytes; a line that is no JSON object is told as a fault."""
    stream.seek(0)
    end = number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        start, end = end, end + len(line)
        if len(line) > LINE_LIMIT:
            raise FileRejected(
                f"a line is longer than {LINE_LIMIT >> 20} MB", place=f"line {number}", expected="one record a line",
                advice="the file is damaged",
            )  # fmt: skip
        text = line.removeprefix(codecs.BOM_UTF8).strip()
        if not text:
            continue
        value: Json = None
        fault = ""
        try:
            value = loads(text.decode("utf-8"))
        except RecursionError:
            fault = "JSON nested too deeply"
        except ValueError as error:  # not UTF-8, not JSON, or a key twice
            fault = str(error)[:300]
        if not fault and not isinstance(value, dict):
            fault = f"a JSON {type(value).__name__}"
        shown = text[:SHOWN_TEXT].decode("utf-8", "replace") if fault else ""
        yield _Record(number, value, start, end, fault, shown)


# records to rows
# -------------------------------------------------------------------------------------------------------


def _tables(
    declaration: FileDeclaration,
    names: tuple[str, ...],
    records: Callable[[], Iterable[_Record]],
    notes: list[str],
    word: str,
) -> Tables:
    """One table for the records themselves and one for each nested list that a mapping names."""
    lists = tuple(dict.fromkeys(part.each for part in declaration.parts if part.each is not None))
    tables: Tables = []
    for each in (None, *lists):
        parts = tuple(part for part in declaration.parts if part.each == each)
        if parts:
            blocks = _blocks(declaration, parts, each, lists, records)
            tables.append((parts, TextTable(names, blocks, notes=notes if not tables else [], row_word=word)))
    return tables


def _blocks(
    declaration: FileDeclaration, parts: tuple[Mapping_, ...], each: str | None, lists: tuple[str, ...],
    records: Callable[[], Iterable[_Record]],
) -> Iterator[TextBlock]:  # fmt: skip
    marks = _decimal_marks(declaration)
    declared = tuple(s for part in parts for column in part.columns.values() for s in column.sources)
    declared += tuple(name for part in parts for name in part.where)
    declared += tuple(skip.column for skip in declaration.skip)
    rows: list[tuple[_Record, Row]] = []
    bad: list[BadRow] = []
    for record in records():
        if record.fault or not isinstance(record.value, dict):
            if each is None or (lists[0] == each and all(part.each is not None for part in declaration.parts)):
                bad.append(_bad(record, record.fault or f"a JSON {type(record.value).__name__}"))
        else:
            fields = flat(record.value, lists)
            inner = [{}] if each is None else [flat(one, (), f"{each}.") for one in elements(record.value, each)]
            rows += [(record, {**fields, **element}) for element in inner]
        if len(rows) >= BLOCK_RECORDS:
            yield _block(rows, bad, declared, marks)
            rows, bad = [], []
    if rows or bad:
        yield _block(rows, bad, declared, marks)


def _bad(record: _Record, found: str) -> BadRow:
    return BadRow(
        record.place, found, "one JSON object a record", "ask the sender for the record again", record.text,
        record.start, record.end,
    )  # fmt: skip


def _block(
    rows: list[tuple[_Record, Row]], bad: list[BadRow], declared: Sequence[str], marks: Mapping[str, str]
) -> TextBlock:
    kept: list[tuple[_Record, Row]] = []
    for record, row in rows:
        if is_text("".join(filter(None, row.values()))):
            kept.append((record, row))
        else:
            faulty = next(name for name, text in row.items() if text is not None and not is_text(text))
            bad.append(_bad(record, f"{faulty} holds half a surrogate pair"))
    if not kept:
        return TextBlock(pl.DataFrame(), tuple(bad))
    names = list(dict.fromkeys(name for _, row in kept for name in row))
    columns: dict[str, Sequence[object]] = {}
    for name in names:
        mark = marks.get(same_name(name), ".")
        texts = [row.get(name) for _, row in kept]
        if mark != ".":
            texts = [text.replace(".", mark) if isinstance(text, Number) else text for text in texts]
        columns[name] = texts
    present = {same_name(name) for name in names}
    for name in declared:
        if same_name(name) not in present:
            columns[name] = [None] * len(kept)
            present.add(same_name(name))
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    places = pl.DataFrame(
        {
            LINE: [record.place for record, _ in kept],
            BYTE_START: [record.start for record, _ in kept],
            BYTE_END: [record.end for record, _ in kept],
        },
        schema=PLACE,
    )
    return TextBlock(frame.hstack(places), tuple(bad))


def _decimal_marks(declaration: FileDeclaration) -> dict[str, str]:
    """The decimal mark each column is declared with: a JSON number always has a point, and is rewritten to fit."""
    marks: dict[str, str] = {}
    for part in declaration.parts:
        for column in part.columns.values():
            numbers = column.numbers or declaration.numbers
            marks.update({same_name(source): numbers.mark for source in column.sources})
    return marks


def _columns(records: Sequence[Json]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for record in records:
        if isinstance(record, dict):
            names.update(dict.fromkeys(flat(record, ())))
    return tuple(names)
