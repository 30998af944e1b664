"""Items as given, checked against the item shape: columns known, required ones present, amounts exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from reconciliation.contracts import AMOUNT, ITEM, ITEM_REQUIRED, LINK
from reconciliation.matching.errors import MatchingError

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass

_SCALE = 5
_NUMBERED = ("item_id", "left_id", "right_id", "references", "reference")  # columns whose texts may come as numbers


def _amount(name: str, kind: pl.DataType) -> pl.Expr:
    """The amount as DECIMAL(38,5). A float counts as its shortest decimal text: 0.1 is 0.10, not
    0.1000000000000000055."""
    column = pl.col(name)
    if kind.is_float():
        return column.cast(pl.String).cast(pl.Decimal(38, _SCALE)).alias(name)
    return column.cast(pl.Decimal(38, _SCALE)).alias(name)


def _as_text(name: str, found: pl.DataType | DataTypeClass) -> bool:
    """Whether values of a type are texts. An id may be a whole number, which only has to be unique; a code may not: one that lost
    its leading zeros on the way would part items that belong together."""
    whole = found.is_integer() and name in _NUMBERED
    return whole or found in (pl.String, pl.Null) or isinstance(found, (pl.Categorical, pl.Enum))


def _castable(name: str, found: pl.DataType, wanted: pl.DataType) -> bool:
    if found == pl.Null:
        return True
    if wanted == AMOUNT:
        return found.is_numeric() or found == pl.String
    if isinstance(wanted, pl.List):
        return _as_text(name, found.inner) if isinstance(found, pl.List) else found != pl.Null and _as_text(name, found)
    if wanted == pl.String:
        return _as_text(name, found)
    if wanted == pl.Date:
        return found == pl.Date or isinstance(found, pl.Datetime)
    return False


def _shaped(
    frame: pl.LazyFrame, where: str, shape: Mapping[str, pl.DataType], required: tuple[str, ...]
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    schema = frame.collect_schema()
    unknown = [name for name in schema if name not in shape]
    if unknown:
        raise MatchingError(
            f"{where}: unknown column{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}; "
            f"known are {', '.join(shape)}"
        )
    missing = [name for name in required if name not in schema]
    if missing:
        raise MatchingError(
            f"{where}: required column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing; "
            f"required are {', '.join(required)}"
        )
    columns: list[pl.Expr] = []
    floats: list[str] = []
    for name, wanted in shape.items():
        if name not in schema:
            columns.append(pl.lit(None, dtype=pl.Decimal(38, _SCALE) if wanted == AMOUNT else wanted).alias(name))
            continue
        found = schema[name]
        if not _castable(name, found, wanted):
            raise MatchingError(f"{where}: column {name} is {found}, expected {wanted}")
        if wanted == AMOUNT:
            columns.append(_amount(name, found))
            if found.is_float():
                floats.append(name)
        elif isinstance(wanted, pl.List) and not isinstance(found, pl.List):
            columns.append(pl.concat_list(pl.col(name).cast(wanted.inner)).alias(name))
        elif found != wanted:
            columns.append(pl.col(name).cast(wanted))
        else:
            columns.append(pl.col(name))
    return frame.select(columns), tuple(floats)


def item_frame(frame: pl.LazyFrame | pl.DataFrame, where: str) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """Items with every column of the item shape (amounts as DECIMAL(38,5)), and the amount columns that came as
    floats.

    Lazy: nothing is read. Raises MatchingError for unknown or missing columns and for types that cannot be cast.
    """
    return _shaped(frame.lazy(), where, ITEM, ITEM_REQUIRED)


def link_frame(frame: pl.LazyFrame | pl.DataFrame, where: str = "links") -> pl.LazyFrame:
    """Known links with every column of the link shape. Raises MatchingError as `item_frame` does."""
    shaped, _ = _shaped(frame.lazy(), where, LINK, ("left_dataset", "left_id", "right_dataset", "right_id"))
    return shaped


def exact_amounts(frame: pl.LazyFrame | pl.DataFrame, where: str) -> None:
    """Raises MatchingError when an amount has more than five decimals, which DECIMAL(23,5) would round."""
    lazy = frame.lazy()
    for name, kind in lazy.collect_schema().items():
        finer = isinstance(kind, pl.Decimal) and kind.scale > _SCALE
        if ITEM.get(name) != AMOUNT or not (finer or kind == pl.String or kind.is_float()):
            continue
        text = pl.col(name).cast(pl.String).str.extract(r"\.(\d*?)0*$", 1)
        bad = lazy.filter(text.str.len_chars() > _SCALE).select(pl.col(name).cast(pl.String)).head(1).collect()
        if bad.height:
            raise MatchingError(
                f"{where}: {name} {bad.item()} has more than {_SCALE} decimals; amounts hold at most {_SCALE}"
            )
