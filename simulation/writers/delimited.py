"""Delimited text as ERPs export it: a header, one row a record, quotes only where a value needs them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping


def delimited(rows: Iterable[Mapping[str, object]], columns: tuple[str, ...], delimiter: str = ";") -> bytes:
    """Rows under the given columns; None is an empty field."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(["" if row.get(name) is None else row[name] for name in columns] for row in rows)
    return buffer.getvalue().encode()
