"""Large data in parts of whole legal entities, which fit into memory one after another.

A match never crosses two entities, so that each part can be matched alone. Where an item names no entity it may belong
to any, and nothing is cut.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from time import perf_counter

import polars as pl

from reconciliation.matching.decisions import Holds
from reconciliation.matching.doubts import Doubts
from reconciliation.matching.encoding import Encoding, encode
from reconciliation.matching.engine import Run, require
from reconciliation.matching.exchange import rate_frame
from reconciliation.matching.leg_outcomes import LegOutcome, settled_doubts, summary
from reconciliation.matching.links import Links
from reconciliation.matching.rules import Rules
from reconciliation.matching.state import Pools


@dataclass(frozen=True)
class Part:
    """Some entities: by dataset their items, and the links of these items."""

    items: Mapping[str, pl.LazyFrame]
    links: pl.LazyFrame | None = None


def entity_parts(items: Mapping[str, pl.LazyFrame], rows: int) -> dict[str, int] | None:
    """The number of the part of each entity, such that none has many more than `rows` items; none where all fit into one,
    or items without an entity stand in the way. The same in any order of rows."""
    counts: Counter[str] = Counter()
    for frame in items.values():
        if "entity" not in frame.collect_schema():
            return None
        for entity, count in frame.group_by(pl.col("entity").cast(pl.String)).len().collect().iter_rows():
            if entity is None:
                return None
            counts[entity] += count
    number = min(-(-sum(counts.values()) // rows), len(counts))
    if number <= 1:
        return None
    # the largest entity first, each into the part with the fewest items
    loads = [(0, part) for part in range(number)]
    parts: dict[str, int] = {}
    for entity, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        load, part = heapq.heappop(loads)
        parts[entity] = part
        heapq.heappush(loads, (load + count, part))
    return parts


def match_in_parts(
    parts: Sequence[Part], rules: Rules, take: Callable[[LegOutcome], None], rates: pl.LazyFrame | None = None
) -> dict[str, object]:
    """Match parts that share no entity, one after another, as `engine.match` does all at once; legs across entities see
    every part. Each outcome of a leg is handed to `take`, and forgotten. Returns the summary.

    Odds are learned within each part. Raises MatchingError as `match` does.
    """
    started = perf_counter()
    datasets = [name for name in parts[0].items if name in rules.datasets]
    require(parts[0].items, rules.legs)
    whole = encode({name: pl.concat([part.items[name] for part in parts]) for name in datasets})
    pools = Pools(whole, rules.legs)
    known = [part.links for part in parts if part.links is not None]
    links = Links(whole, pl.concat(known) if known else None)
    quotes = None if rates is None else rate_frame(rates)
    encoded = perf_counter() - started
    doubts = Doubts()
    outcomes: dict[str, LegOutcome] = {}
    doubtful: list[LegOutcome] = []  # held back: a later leg may be sure of something else
    for across, legs in groupby(rules.legs, key=lambda leg: leg.across_entities):
        stage = list(legs)
        everything = Run(rules, whole, pools, links, quotes, Holds(), doubts)
        for run in [everything] if across else _runs(parts, everything):
            for leg in stage:
                made = run.leg(leg)
                take(made.certain())
                outcomes[leg.name] = made.figures_only(outcomes.get(leg.name))
                doubtful.append(replace(made.doubtful(), figures=outcomes[leg.name].figures))
    for made in settled_doubts(doubtful):
        take(made)
    return summary(rules, whole, list(outcomes.values()), encoded, perf_counter() - started)


def _runs(parts: Sequence[Part], everything: Run) -> Iterator[Run]:
    """A run over each part, on the amounts that all share."""
    whole, legs = everything.encoding, everything.rules.legs
    starts = dict.fromkeys(whole.datasets, 0)
    for part in parts:
        heights = {name: part.items[name].select(pl.len()).collect().item() for name in starts}
        rows = {name: slice(start, start + heights[name]) for name, start in starts.items()}
        starts = {name: each.stop for name, each in rows.items()}
        datasets = {
            name: whole.datasets[name].part(each.start, each.stop, part.items[name]) for name, each in rows.items()
        }
        encoding = Encoding(datasets, whole.currencies, whole.exponents, whole.float_columns)
        pools = everything.pools.part(encoding, rows, legs)
        yield replace(everything, encoding=encoding, pools=pools, links=Links(encoding, part.links))
