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
_FEWEST = 30  # numbers of a form, of which the share that is right says whether all of them carry check digits
_SHARE = 0.98
_TRIED, _HARDLY = 500, 0.9  # numbers of a form that are looked at first, and their share below which the others are not
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
        given = dataset_references(data)["reference"]
        numbers = _compacted(given.filter(~given.str.contains("[A-Za-z]")).unique())
        numbers = numbers.filter(_plain(numbers) & (numbers.str.len_bytes() >= _LEAST))
        sized = pl.DataFrame({"number": numbers, "size": numbers.str.len_bytes()})
        first = pl.col("number").bottom_k_by(pl.col("number").hash(), _TRIED)
        likely = _right(sized.group_by("size").agg(first).explode("number")).filter(pl.col("share") >= _HARDLY)
        right = _right(sized.join(likely, on="size", how="semi"))
        checked = right.filter(pl.col("share") >= _SHARE, pl.col("times") >= _FEWEST)
        data.derived["checked_lengths"] = checked.select("size")
    return data.derived["checked_lengths"]["size"]


def _right(numbers: pl.DataFrame) -> pl.DataFrame:
    """`size`, `times`, `share`: how many plain numbers (`number`, `size`) of each length there are, and how many of them are right
    by the check digits that fit best."""
    kinds = ("VIITE", "KID", "OCR")
    right = pl.concat([numbers.select("size"), verified_kinds(numbers["number"]).select(kinds)], how="horizontal")
    counted = right.group_by("size").agg(pl.len().alias("times"), pl.col(kinds).mean())
    return counted.select("size", "times", share=pl.max_horizontal(kinds))


def _compacted(references: pl.Series) -> pl.Series:
    return pl.DataFrame({"number": ascii_upper_series(references)}).select(compact(pl.col("number")))["number"]


def _plain(numbers: pl.Series) -> pl.Series:
    return numbers.str.contains(_PLAIN).fill_null(False)
