"""Frames of a fixed shape: what an engine's inputs must look like, checked at its door."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

Shape = Mapping[str, pl.DataType]


def conform(frame: pl.DataFrame, shape: Shape, name: str) -> pl.DataFrame:
    """The frame with exactly the shape's columns, in its order and types.

    Raises `ValueError` naming the frame and the columns it lacks. A cast that would change a value raises Polars'
    own error.
    """
    missing = [column for column in shape if column not in frame.columns]
    if missing:
        raise ValueError(f"{name}: missing columns {', '.join(missing)}; expected {', '.join(shape)}")
    return frame.select(pl.col(column).cast(kind) for column, kind in shape.items())


def empty(shape: Shape) -> pl.DataFrame:
    """A frame of the shape without rows."""
    return pl.DataFrame(schema=dict(shape))
