"""A Parquet file cut into a table of text, row group by row group: decimals digit by digit, dates in ISO 8601.

Nested structures become columns named by their path; a list of texts becomes lines. A column of floats gives the
shortest text that stands for each float, and that is reported: an amount should not have been a float.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import polars as pl
import pyarrow as pa

from ingestion.declaration import FileDeclaration
from ingestion.declaration_fit import best_fit, is_header, missing_columns, read_columns
from ingestion.readers.text_table import BYTE_END, BYTE_START, LINE, SHOWN_TEXT, TextBlock, TextTable, unique_names
from ingestion.readers.xlsx_table import iso_dates_too
from ingestion.reading import FileRejected

BATCH_ROWS = 65_536
ROW_LIMIT = 200_000_000
GROUP_BYTES_LIMIT = 1 << 31


def parquet_table(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, TextTable]:
    """The table of a Parquet file and the declaration it is for; raises `FileRejected` where it is damaged or fits
    none."""
    import pyarrow.parquet as pq

    stream.seek(0)
    try:
        file = pq.ParquetFile(stream)
        metadata = file.metadata
        largest = max(
            (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)), default=0
        )
        empty = pl.DataFrame(_flat(pa.Table.from_batches([], schema=file.schema_arrow)))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(error) from None
    if metadata.num_rows > ROW_LIMIT or largest > GROUP_BYTES_LIMIT:
        raise FileRejected(
            "the Parquet file unfolds to too much", found=f"{metadata.num_rows} rows, a row group of {largest} bytes",
            expected=f"at most {ROW_LIMIT} rows, {GROUP_BYTES_LIMIT >> 30} GB a row group",
            advice="ask for smaller files",
        )  # fmt: skip
    names = unique_names(empty.columns)
    fitting = [(one, read_columns(one, names)) for one in candidates if is_header(one, names)]
    if not fitting:
        one = max(candidates, key=lambda one: read_columns(one, names))
        raise FileRejected(
            "the file does not have the declared columns", place="schema", found=", ".join(names)[:SHOWN_TEXT],
            expected="missing: " + "; ".join(missing_columns(one, names) or ("any declared column",)),
            advice="the sender changed the layout, or the declaration names the columns otherwise",
        )  # fmt: skip
    declaration = iso_dates_too(fitting[best_fit(fitting, names)][0])
    floats = [name for name, kind in zip(names, empty.dtypes, strict=True) if kind.is_float()]
    notes = [f"columns of floats, read by their shortest text: {', '.join(floats)}"] if floats else []
    return declaration, TextTable(names, _blocks(file.iter_batches(batch_size=BATCH_ROWS), names), (), notes, "record")


def _damaged(error: Exception) -> FileRejected:
    return FileRejected(
        "the file is not a readable Parquet file", found=str(error)[:300], expected="a Parquet file",
        advice="the file is truncated or damaged: ask for it again",
    )  # fmt: skip


def _flat(table: pa.Table) -> pa.Table:
    """Structures unfolded to columns named by their path."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def _blocks(batches: Iterator[pa.RecordBatch], names: tuple[str, ...]) -> Iterator[TextBlock]:
    first = 1
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _damaged(error) from None
        if batch is None:
            return
        frame = pl.DataFrame(_flat(pa.Table.from_batches([batch])))
        frame.columns = list(names)
        texts = frame.select(_text(pl.col(name), kind).alias(name) for name, kind in frame.schema.items())
        yield TextBlock(
            texts.with_columns(
                pl.int_range(first, first + frame.height, dtype=pl.Int64).alias(LINE),
                pl.lit(None, pl.Int64).alias(BYTE_START),
                pl.lit(None, pl.Int64).alias(BYTE_END),
            )
        )
        first += frame.height


def _text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if kind.time_zone else ""))
    if isinstance(kind, pl.Date):
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(kind, pl.List):
        return column.list.eval(pl.element().cast(pl.String)).list.join("\n")
    if isinstance(kind, pl.Binary):
        return column.bin.encode("hex")
    return column.cast(pl.String)
