"""What a pass reads: the two sides of its leg, what is still open on each, the known links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.encoding import Dataset, Encoding, Ints, Mask
from reconciliation.matching.joins import of_rows, pair_keys
from reconciliation.matching.rules import Leg, Side

if TYPE_CHECKING:
    from reconciliation.matching.text.compiled_tokens import TextTokens
    from reconciliation.matching.text_odds import TextOdds

Rows = npt.NDArray[np.uint32]
ENOUGH_TAUGHT = 2000  # pairs from which counterparties are learned


@dataclass
class SideView:
    """One side of a leg during its run."""

    index: int  # 0 left, 1 right
    side: Side
    dataset: Dataset
    open: Ints  # by row: minor units not yet applied in the side's pool; 0 for an item that takes no part
    _read: dict[tuple[str, ...], pl.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def is_open(self) -> Mask:
        """By row: whether anything of the item is open."""
        return np.not_equal(self.open, 0)

    def order(self, rows: Rows) -> Rows:
        """For each of these rows its rank by item id: an order that does not depend on the order of rows."""
        distinct, place = np.unique(rows, return_inverse=True)
        ranks = self.dataset.item_ids(distinct.astype(np.uint32)).rank("ordinal").to_numpy()
        return np.asarray(ranks[place], dtype=np.uint32)

    def places(self, rows: Rows) -> Ints:
        """The same from 0: dense numbers of the items for a graph that has to be the same in any order of rows."""
        return self.order(rows).astype(np.int64) - 1

    def rows(self) -> Rows:
        """The open rows, ascending."""
        return np.flatnonzero(self.is_open).astype(np.uint32)

    def selected(self, rows: Rows, *columns: str | pl.Expr) -> pl.DataFrame:
        """As `frame`, for these rows, open or not; `open` is what is open of them."""
        data = self.dataset
        core = pl.DataFrame(
            {
                "row": rows,
                "open": self.open[rows],
                "currency": data.currency[rows],
                "date": data.date[rows],
                "entity": data.entity[rows],
                "account": data.account[rows],
            }
        )
        if not columns:
            return core
        return core.hstack(data.take(columns, rows))

    def frame(self, *columns: str | pl.Expr) -> pl.DataFrame:
        """The open items: `row`, `open` (minor units), `currency`, `date` (days), `entity`, `account` (codes, 0:
        none) and the asked columns of the item shape (texts as given), in row order."""
        return self.selected(self.rows(), *columns)


@dataclass
class LegContext:
    """A leg in the middle of its run. Passes read it; only the engine changes what is open."""

    leg: Leg
    left: SideView
    right: SideView
    encoding: Encoding
    links: Callable[[str, str], pl.DataFrame]  # of two dataset names: left, right (rows), amount (minor units or null)
    cache: dict[str, pl.DataFrame] = field(default_factory=dict)  # what several passes of the leg derive from the items
    tokens: dict[str, TextTokens] = field(default_factory=dict)  # of a side's texts, for all passes that search them
    texts: dict[int, TextOdds] = field(default_factory=dict)  # by number of accepted pairs: what they teach of texts
    rates: pl.DataFrame | None = None  # exchange rates as `exchange.rate_frame` gives them
    barred: npt.NDArray[np.uint64] | None = None  # pairs (`joins.pair_keys`) that a person has rejected
    accepted: tuple[Rows, Rows] = field(default_factory=lambda: (np.zeros(0, np.uint32), np.zeros(0, np.uint32)))
    #: By pair as `barring.pair_keys` numbers them, ascending: what their counterparties show (`party_evidence`).
    shown: tuple[npt.NDArray[np.uint64], Ints] = field(
        default_factory=lambda: (np.zeros(0, np.uint64), np.zeros(0, np.int64))
    )
    taught: tuple[Rows, Rows] = field(default_factory=lambda: (np.zeros(0, np.uint32), np.zeros(0, np.uint32)))
    #: What was accepted before the first pass that weighs all that is open: pairs of every way of writing.
    surest: tuple[Rows, Rows] = field(default_factory=lambda: (np.zeros(0, np.uint32), np.zeros(0, np.uint32)))
    suggested: Rows = field(default_factory=lambda: np.zeros(0, np.uint32))  # right rows taken by suggestions so far

    def read_like(self, tried: LegContext) -> None:
        """Take over what a trial of the leg has read of texts and counterparties, which does not depend on what is open."""
        self.tokens |= tried.tokens
        self.shown = tried.shown

    def begin_pass(self) -> None:
        """What earlier passes accepted is what this one learns from, and the later ones too once it is enough (`taught`):
        the same in a run that finds everything and in one that finds it settled."""
        if len(self.taught[0]) < ENOUGH_TAUGHT:
            self.taught = self.accepted

    def begin_weighing(self) -> None:
        """The passes that weigh all that is open begin."""
        self.surest = self.accepted

    @property
    def sides(self) -> tuple[SideView, SideView]:
        """Left and right."""
        return (self.left, self.right)

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """All datasets of the run, also those of other legs: a payment's invoice may carry the reference."""
        return self.encoding.datasets

    def meeting(self, view: SideView) -> Mask:
        """By row of a side: whether it is open and some open item of the other side has its sign. Money that came in is no
        payment to anybody, and need not be searched for its name."""
        of_other = self.sides[1 - view.index].open
        above, below = bool((of_other > 0).any()), bool((of_other < 0).any())
        if above and below:
            return view.is_open
        return np.asarray(view.open > 0 if above else view.open < 0) if above or below else np.zeros_like(view.is_open)

    def learn_lags(self, pairs: pl.DataFrame) -> None:
        """Remember accepted pairs for their date distances."""
        if not pairs.is_empty():
            left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
            self.accepted = (np.concatenate([self.accepted[0], left]), np.concatenate([self.accepted[1], right]))

    def suggest(self, rows: Rows) -> None:
        """Remember right rows that are taken by what is not sure."""
        if len(rows):
            self.suggested = np.unique(np.concatenate([self.suggested, rows]))

    def lags(self, right_date: str | None = None) -> npt.NDArray[np.int64]:
        """Days from right to left date of the pairs accepted so far; `right_date` names another date column of the
        right side."""
        left, right = self.accepted
        days = self.right.dataset.date[right].astype(np.int64)
        if right_date is not None and len(right):
            given = self.right.dataset.take([pl.col(right_date).to_physical()], right)[right_date]
            days = np.where(given.is_null().to_numpy(), days, given.fill_null(0).to_numpy())
        return np.asarray(self.left.dataset.date[left] - days, dtype=np.int64)

    def compatible(
        self,
        left: Rows,
        right: Rows,
        *,
        same_currency: bool = True,
        open_only: bool = True,
        across_accounts: bool = False,
    ) -> Mask:
        """Of candidate pairs: whether both are open, of one currency, and cross no entity and no account.

        Only money moved between own accounts crosses them (`across_accounts`).
        """
        one, two = self.left.dataset, self.right.dataset
        fits = np.ones(len(left), dtype=np.bool_)
        if open_only:
            fits = (self.left.open[left] != 0) & (self.right.open[right] != 0)
        if same_currency:
            fits &= one.currency[left] == two.currency[right]
        for mine, other in () if across_accounts else ((one.entity, two.entity), (one.account, two.account)):
            a, b = mine[left], other[right]
            fits &= (a == b) | (a == 0) | (b == 0)
        if self.barred is not None:
            fits &= ~np.isin(pair_keys(left, right), self.barred)
        return np.asarray(fits, dtype=np.bool_)

    def linked(self, other: Dataset, right: Rows) -> pl.DataFrame:
        """`right`, `named`: the rows of another dataset that these rows of the right side are linked to."""
        data = self.right.dataset
        # in the order of the datasets, in which others ask as well
        names = sorted((data.name, other.name), key=list(self.datasets).index)
        own, its = ("left", "right") if names[1] == other.name else ("right", "left")
        return of_rows(self.links(*names).select(right=own, named=its), "right", right, data.height)

    def still_open(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Of pairs (`left`, `right` rows, and any columns): those whose items are both open by now."""
        left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
        still = (self.left.open[left] != 0) & (self.right.open[right] != 0)
        return pairs if still.all() else pairs.filter(pl.Series(still))


def minor_tolerance(context: LegContext, amount: str) -> Ints:
    """A tolerance given in units (decimal text) in minor units of each currency of the run, rounded down."""
    units = Decimal(amount)
    return np.asarray([int(units.scaleb(exponent)) for exponent in context.encoding.exponents], dtype=np.int64)
