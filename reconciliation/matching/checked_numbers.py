"""Numbers that carry check digits: a slip of the keys in one is seen, so that what a payer shows is as a rule the number meant.

RF, QR and Belgian references say by their form that they do. Others (viitenumero, KID, OCR) are plain digits, as any number of one
in ten happens to be right by: they carry check digits where nearly all of a dataset's numbers of their form are right.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.reference_index import references_of
from reconciliation.matching.reference_keys import dataset_references, written
from reconciliation.matching.text.check_digits import self_identifying, verified_kinds
from reconciliation.matching.text.folding import ascii_upper_series, compact

UNSEEN = 0.02  # slips of the keys that check digits do not show
_LEAST = 6  # characters of a number with check digits
_FEWEST, _SHARE = (
    30,
    0.98,
)  # numbers of a form, and the share of them that is right, from which all of them carry check digits
_PLAIN = "^[0-9]+$"


def shows_checked(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left text shows a number of the right item that carries check digits, whole and right."""
    shown = np.zeros(len(left), dtype=np.bool_)
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    owned = _checked(context.right.dataset, right)
    if owned.is_empty():
        return shown
    rows = np.unique(left)
    texts = context.left.dataset.take([written("text")], rows)["text"]
    told = pl.DataFrame({"left": rows, "text": ascii_upper_series(texts)}).with_columns(compact(pl.col("text")))
    met = pairs.join(owned, left_on="right", right_on="row").join(told, on="left")
    met = met.filter(pl.col("text").str.contains(pl.col("number").str.strip_chars_start("0"), literal=True))
    shown[met["pair"].to_numpy()] = True
    return shown


def _checked(data: Dataset, rows: Rows) -> pl.DataFrame:
    """`row`, `number` (compact) of the numbers of these rows that carry check digits."""
    given = references_of(data, rows)
    given = given.with_columns(number=_compacted(given["reference"]))
    own = pl.Series(self_identifying(given["number"]))
    of_form = given["number"].str.len_bytes().is_in(_checked_lengths(data).implode()) & _plain(given["number"])
    return given.filter(own | of_form).select("row", "number").unique()


def _checked_lengths(data: Dataset) -> pl.Series:
    """The lengths of plain numbers that carry check digits in this dataset; made once."""
    if "checked_lengths" not in data.derived:
        numbers = _compacted(dataset_references(data)["reference"].unique())
        numbers = numbers.filter(_plain(numbers) & (numbers.str.len_bytes() >= _LEAST))
        right = verified_kinds(numbers).select("VIITE", "KID", "OCR")
        by_length = right.with_columns(size=numbers.str.len_bytes()).group_by("size")
        counted = by_length.agg(pl.len().alias("times"), pl.col("VIITE", "KID", "OCR").mean())
        best = pl.max_horizontal("VIITE", "KID", "OCR") >= _SHARE
        data.derived["checked_lengths"] = counted.filter(best, pl.col("times") >= _FEWEST).select("size")
    return data.derived["checked_lengths"]["size"]


def _compacted(references: pl.Series) -> pl.Series:
    return pl.DataFrame({"number": ascii_upper_series(references)}).select(compact(pl.col("number")))["number"]


def _plain(numbers: pl.Series) -> pl.Series:
    return numbers.str.contains(_PLAIN).fill_null(False)
