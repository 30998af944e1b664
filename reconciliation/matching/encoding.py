"""A dataset as the passes see it: dense row numbers, Int64 minor units, small codes; texts stay in the file until
asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.matching.columns import Columns
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.item_frames import exact_amounts, item_frame
from reconciliation.matching.joins import has_repeats, id_hashes
from reconciliation.matching.stable_hash import Words, id_words
from reconciliation.minor_units import decimals

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

_SCALE = 5  # decimals of DECIMAL(23,5)
_FEW = 8  # rows of a dataset, one in so many, below which only their own ids are hashed
LIMIT = 4_000_000_000_000_000_000  # minor units; larger amounts could not be added up in 64 bits


@dataclass
class Dataset:
    """One dataset. Arrays are indexed by row: the item's place in the frame as given, never used to break a tie."""

    name: str
    columns: Columns  # the item shape, amounts DECIMAL(38,5)
    height: int
    amount: Ints  # minor units of the item's currency
    currency: Codes  # index into `Encoding.currencies`
    date: npt.NDArray[np.int32]  # days since 1970-01-01
    entity: Codes  # 0: none
    account: Codes  # 0: none
    too_large: Codes  # rows whose amount does not fit 64-bit minor units; they take part in no pass
    derived: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False)  # what legs make of all its rows
    _of_values: dict[tuple[str, str], pl.Series] = field(default_factory=dict, repr=False)
    _of_rows: dict[str, tuple[Ints, pl.Series]] = field(default_factory=dict, repr=False)

    def read(self, columns: Sequence[str | pl.Expr], rows: Mask | None = None) -> pl.DataFrame:
        """As `Columns.read`."""
        return self.columns.read(columns, rows)

    def take(self, columns: Sequence[str | pl.Expr], rows: npt.NDArray[np.uint32]) -> pl.DataFrame:
        """As `Columns.take`."""
        return self.columns.take(columns, rows)

    def by_value(self, column: str, of: Callable[[pl.Series], pl.Series], rows: npt.NDArray[np.uint32]) -> pl.Series:
        """What a function that looks at one value at a time makes of a text column, for these rows; it is asked once for
        each distinct value of the dataset, and remembered by its name."""
        places, values = self.columns.coded(column)
        known = (column, of.__name__)
        if known not in self._of_values:
            self._of_values[known] = of(values)
        return self._of_values[known][places[rows]]

    def by_row(self, of: Callable[[Dataset, Codes], pl.Series], rows: Codes) -> pl.Series:
        """What a function that looks at one row at a time makes of these rows; it is asked once for each row that is wanted, and
        remembered by its name."""
        known = self._of_rows.get(of.__name__)
        places, made = (np.full(self.height, -1), None) if known is None else known
        missing = np.unique(rows[places[rows] < 0])
        if made is None or len(missing):
            more = of(self, missing)
            places[missing] = np.arange(len(missing)) + (0 if made is None else len(made))
            made = more if made is None else pl.concat([made, more], rechunk=True)
            self._of_rows[of.__name__] = places, made
        return made[places[rows]]

    def lacking(self, column: str, rows: npt.NDArray[np.uint32]) -> Mask:
        """Of these rows: whether a text column is null."""
        places, values = self.columns.coded(column)
        return np.equal(places[rows], len(values) - 1)

    @cached_property
    def keys(self) -> pl.DataFrame:
        """`row` of every item, with its id as two hashes: `key`, `key_check`."""
        return self.read(["item_id"]).select("row", *id_hashes("item_id", "key"))

    def rows_of(self, items: pl.DataFrame) -> pl.DataFrame:
        """`items` (with `item_id`) and the `row` of each; those that are not there are left out."""
        return self.read(["item_id"]).join(items, on="item_id", how="inner")

    def item_ids(self, rows: npt.NDArray[np.uint32]) -> pl.Series:
        """The item ids of these rows, in this order."""
        return self.take(["item_id"], rows)["item_id"]

    def id_words(self, rows: npt.NDArray[np.uint32]) -> tuple[Words, Words]:
        """Two hashes of the item id of each of these rows."""
        if len(rows) * _FEW <= self.height:
            return id_words(self.item_ids(rows))
        first, second = self._every_id_words
        return first[rows], second[rows]

    @cached_property
    def _every_id_words(self) -> tuple[Words, Words]:
        return id_words(self.read(["item_id"])["item_id"])

    def part(self, start: int, stop: int, items: pl.LazyFrame) -> Dataset:
        """The rows from `start` to before `stop` as a dataset of its own over the same arrays; `items` reads them."""
        large = self.too_large[(self.too_large >= start) & (self.too_large < stop)] - np.uint32(start)
        rows = slice(start, stop)
        return Dataset(
            name=self.name,
            columns=Columns(item_frame(items, self.name)[0], stop - start),
            height=stop - start,
            amount=self.amount[rows],
            currency=self.currency[rows],
            date=self.date[rows],
            entity=self.entity[rows],
            account=self.account[rows],
            too_large=large,
        )


@dataclass
class Encoding:
    """All datasets of a run in one coding, so that equal codes mean equal entities, accounts and currencies."""

    datasets: Mapping[str, Dataset]
    currencies: Sequence[str]
    exponents: Sequence[int]  # decimals of the minor unit used for each currency
    float_columns: Mapping[str, Sequence[str]]

    def to_amount(self, minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
        """Int64 minor units as DECIMAL(23,5), exactly, given the currency's index."""
        whole = minor.cast(pl.Decimal(38, 0))
        units = {
            exponent: pl.lit(f"{10**-exponent:.5f}").cast(pl.Decimal(38, _SCALE)) for exponent in set(self.exponents)
        }
        if len(units) <= 1:
            unit = next(iter(units.values()), pl.lit("1").cast(pl.Decimal(38, _SCALE)))
            return (whole * unit).cast(AMOUNT)
        of_currency = pl.coalesce(
            *(
                pl.when(currency.is_in([i for i, own in enumerate(self.exponents) if own == exponent])).then(unit)
                for exponent, unit in units.items()
            )
        )
        return (whole * of_currency).cast(AMOUNT)

    def amounts(self, minor: Ints, currency: Codes) -> pl.Series:
        """An array of minor units as a DECIMAL(23,5) series."""
        frame = pl.DataFrame({"minor": minor, "currency": currency})
        return frame.select(self.to_amount(pl.col("minor"), pl.col("currency")).alias("amount"))["amount"]


def encode(frames: Mapping[str, pl.LazyFrame | pl.DataFrame]) -> Encoding:
    """Check and encode datasets together.

    Raises MatchingError for columns, types, nulls in required columns, repeated item ids and amounts finer than five
    decimals, naming the dataset.
    """
    coded: dict[str, tuple[pl.LazyFrame, pl.DataFrame | None, pl.DataFrame]] = {}
    floats: dict[str, Sequence[str]] = {}
    for name, frame in frames.items():
        exact_amounts(frame, name)
        items, of_floats = item_frame(frame, name)
        floats[name] = of_floats
        source = items.collect() if isinstance(frame, pl.DataFrame) else None
        coded[name] = (items, source, _codes(source.lazy() if source is not None else items, name))
    currencies, ranks = _ranked({name: core["currency"] for name, (_, _, core) in coded.items()})
    recoded = {name: rank - np.uint32(1) for name, rank in ranks.items()}  # every item has a currency
    exponents = [_exponent(code, index, coded, recoded) for index, code in enumerate(currencies)]
    entities, accounts = (
        _ranked({name: core[column] for name, (_, _, core) in coded.items()})[1] for column in ("entity", "account")
    )
    datasets: dict[str, Dataset] = {}
    for name, (items, source, core) in coded.items():
        minor, too_large = _minor_units(core["amount"], recoded[name], exponents)
        datasets[name] = Dataset(
            name=name,
            columns=Columns(items if source is None else source, core.height),
            height=core.height,
            amount=minor,
            currency=recoded[name],
            date=core["date"].to_numpy(),
            entity=entities[name],
            account=accounts[name],
            too_large=too_large,
        )
    return Encoding(datasets, currencies, exponents, {name: columns for name, columns in floats.items() if columns})


def _codes(items: pl.LazyFrame, where: str) -> pl.DataFrame:
    core = items.select(
        pl.col("item_id").hash().alias("id"),
        pl.col("item_id").is_null().alias("no_id"),
        pl.col("amount").to_physical(),
        pl.col("currency").cast(pl.Categorical),
        pl.col("date").to_physical(),
        pl.col("entity", "account").cast(pl.Categorical),
    ).collect()
    for name, empty in (
        ("item_id", core["no_id"].any()),
        *((n, core[n].null_count() > 0) for n in ("amount", "currency", "date")),
    ):
        if empty:
            raise MatchingError(f"{where}: required column {name} has empty values")
    if has_repeats(core["id"].to_numpy()):
        twice = (
            items.group_by("item_id").len().filter(pl.col("len") > 1).select(pl.col("item_id").sort().head(3)).collect()
        )
        if twice.height:
            raise MatchingError(
                f"{where}: item_id not unique, found more than once: {', '.join(twice['item_id'].to_list())}; "
                "every item needs an id of its own"
            )
    core = core.drop("id", "no_id")
    if _largest(core["amount"]) <= np.iinfo(np.int64).max:
        core = core.with_columns(pl.col("amount").cast(pl.Int64))
    return core


def _ranked(columns: Mapping[str, pl.Series]) -> tuple[list[str], dict[str, Codes]]:
    """The names of categories over all columns, sorted, and each column as ranks of its names, from 1: the same in any
    order of rows; 0 where there is none."""
    names = sorted({str(name) for column in columns.values() for name in column.unique().drop_nulls().to_list()})
    rank = {name: place for place, name in enumerate(names, start=1)}
    ranked: dict[str, Codes] = {}
    for dataset, column in columns.items():
        known = column.unique().drop_nulls()
        physical = known.to_physical().to_numpy()
        table = np.zeros(int(physical.max(initial=0)) + 2, dtype=np.uint32)
        table[physical] = [rank[str(name)] for name in known.to_list()]
        ranked[dataset] = table[column.to_physical().fill_null(len(table) - 1).to_numpy()]
    return names, ranked


def _exponent(
    currency: str,
    index: int,
    coded: Mapping[str, tuple[pl.LazyFrame, pl.DataFrame | None, pl.DataFrame]],
    recoded: Mapping[str, Codes],
) -> int:
    """The fewest decimals from ISO 4217's up that hold every amount exactly; fewer where amounts are huge and
    whole."""
    own = [
        core["amount"].filter(pl.Series(recoded[name] == index)) if (recoded[name] != index).any() else core["amount"]
        for name, (_, _, core) in coded.items()
    ]
    exponent = decimals(currency)
    while exponent < _SCALE and not all(_divisible(amounts, 10 ** (_SCALE - exponent)) for amounts in own):
        exponent += 1
    largest = max((_largest(amounts) for amounts in own), default=0)
    while (
        exponent > 0
        and largest // 10 ** (_SCALE - exponent) > LIMIT
        and all(_divisible(amounts, 10 ** (_SCALE - exponent + 1)) for amounts in own)
    ):
        exponent -= 1
    return exponent


def _divisible(amounts: pl.Series, divisor: int) -> bool:
    if amounts.dtype == pl.Int64:
        return not bool((amounts.to_numpy() % divisor).any())
    return not bool(pl.select((amounts % pl.lit(divisor, dtype=pl.Int128)) != 0).to_series().any())


def _largest(amounts: pl.Series) -> int:
    """The largest absolute amount, as Python's unbounded integer."""
    if not len(amounts):
        return 0
    low, high = amounts.min(), amounts.max()
    assert isinstance(low, int) and isinstance(high, int)  # noqa: S101 - a column of integers without nulls
    return max(-low, high)


def _minor_units(amount: pl.Series, currency: Codes, exponents: Sequence[int]) -> tuple[Ints, Codes]:
    factors = [10 ** (_SCALE - exponent) for exponent in exponents]
    if amount.dtype == pl.Int128:
        factor = pl.Series(currency).replace_strict(list(range(len(factors))), factors, return_dtype=pl.Int128)
        wide = amount // factor
        fits = wide.abs() <= LIMIT
        too_large = (~fits).arg_true().cast(pl.UInt32).to_numpy()
        return pl.select(pl.when(fits).then(wide).otherwise(0)).to_series().cast(pl.Int64).to_numpy(), too_large
    units = amount.to_numpy()
    divisor = factors[0] if len(set(factors)) == 1 else np.asarray(factors or [1], dtype=np.int64)[currency]
    minor = units // divisor
    return minor, np.flatnonzero(np.abs(minor) > LIMIT).astype(np.uint32)
