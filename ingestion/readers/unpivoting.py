"""A table with one column a value (a currency, a month) turned into one row a value."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ingestion.declaration import Unpivot
from ingestion.readers.text_table import PLACE, TextBlock, TextTable, same_name


def unpivoted(table: TextTable, unpivot: Unpivot | None) -> TextTable:
    """The table with its value columns as rows, in file order; the table itself where nothing is declared."""
    if unpivot is None:
        return table
    keep = tuple(name for name in table.names if same_name(name) in {same_name(one) for one in unpivot.keep})
    values = [name for name in table.names if name not in keep and not name.startswith("column ")]
    names = (*keep, unpivot.names_to, unpivot.values_to)
    return TextTable(names, _blocks(table, keep, values, unpivot), table.preamble, table.notes, table.row_word)


def _blocks(table: TextTable, keep: tuple[str, ...], values: list[str], unpivot: Unpivot) -> Iterator[TextBlock]:
    for block in map(TextBlock.whole, table.blocks):
        if block.frame.is_empty():
            yield block
            continue
        long = (
            block.frame.with_row_index("#at")
            .unpivot(
                on=values, index=["#at", *keep, *PLACE], variable_name=unpivot.names_to, value_name=unpivot.values_to
            )
            .sort("#at", maintain_order=True)
            .drop("#at")
        )
        text = pl.col(unpivot.values_to).str.strip_chars().fill_null("")
        kept = long.filter(~text.is_in(["", *unpivot.nothing]))
        frame = kept.select(*keep, unpivot.names_to, unpivot.values_to, *PLACE)
        yield TextBlock(frame, block.bad, block.blank + long.height - kept.height, block.footer)
