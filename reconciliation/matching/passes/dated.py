"""What passes share that compare the left item's date with a date of the right one, within a window or a learned reach."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.chance import Window, widened
from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.passes.base import PassConfig

_CHOSEN = "chosen_date"


class DatedPass(PassConfig):
    """`right_date` chooses the right side's date; an item without it has its own date."""

    right_date: Literal["date", "due_date", "value_date", "discount_until"] = "date"

    def lags(self, context: LegContext) -> npt.NDArray[np.int64]:
        """The days between the two dates of the pairs accepted so far."""
        return context.lags(None if self.right_date == "date" else self.right_date)

    def dated(self, view: SideView, rows: Rows) -> pl.DataFrame:
        """Rows of the right side as `SideView.selected` gives them, their `date` the one chosen."""
        if self.right_date == "date":
            return view.selected(rows)
        chosen = pl.col(self.right_date).to_physical().alias(_CHOSEN)
        return view.selected(rows, chosen).with_columns(date=pl.coalesce(_CHOSEN, "date")).drop(_CHOSEN)


class WindowPass(DatedPass):
    """Within `before` to `after` days (left date minus right date), or as far apart as surer pairs lie; while few are known, at
    least `before_unknown` days before."""

    before: int = 3
    before_unknown: int = 0
    after: int = 10

    def window(self, lags: npt.NDArray[np.int64], around: int = 0) -> Window:
        """The window, given the distances of surer pairs; `around` days more on either side say how dense items lie."""
        return Window(*widened(self.before, self.after, lags, self.before_unknown), around)
