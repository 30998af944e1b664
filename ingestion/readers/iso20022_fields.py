"""Fields of an ISO 20022 container as values: optional amounts, days, parties and banks, where every version has them.

What a record cannot do without and is missing or garbled raises `BadField`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from operator import itemgetter

from ingestion.readers import iso20022_values as values
from ingestion.readers.xml_records import Fields

_PLANS = 4096
_AGENT_LEAVES = ("BICFI", "BIC", "CmbndId/BIC", "ClrSysMmbId/MmbId", "Othr/Id", "PrtryId/Id", "Nm")
_ACCOUNT_LEAVES = ("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id")


def party_paths(path: str) -> tuple[str, ...]:
    """The name of a party, wrapped in `Pty` (or `Agt`, a bank) from version 08 on."""
    return (f"{path}/Nm", f"{path}/Pty/Nm", f"{path}/Agt/FinInstnId/Nm")


@cache
def agent_paths(path: str) -> tuple[str, ...]:
    """A bank: its BIC, else its clearing code, its other identification, its name."""
    return tuple(f"{path}/FinInstnId/{leaf}" for leaf in _AGENT_LEAVES)


def account_paths(path: str) -> tuple[str, ...]:
    """An account: its IBAN, else another number."""
    return tuple(f"{path}/{leaf}" for leaf in _ACCOUNT_LEAVES)


# Columns that are texts of the message: the first of these paths that is there.
class BadField(ValueError):  # noqa: N818  (what it says is what was found)
    """A field a record cannot do without is missing or garbled."""

    def __init__(self, name: str, found: str | None, expected: str) -> None:
        super().__init__(f"{name}: found {found!r}, expected {expected}")
        self.name = name
        self.found = "nothing" if found is None else found
        self.expected = expected


class Picker:
    """Takes the columns of a row out of a container's fields: for each, the first of its paths that is there, or None.

    Which field goes where depends on nothing but the paths that are there, and is worked out once for each set of them.
    """

    def __init__(self, columns: Iterable[tuple[str, ...]]) -> None:
        self._columns = tuple(columns)
        self._plans: dict[tuple[str, ...], itemgetter[tuple[str | None, ...]]] = {}

    def __call__(self, fields: Fields) -> tuple[str | None, ...]:
        """The columns, in their order."""
        paths = tuple(fields)
        plan = self._plans.get(paths)
        if plan is None:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            first, *others = (self._place(paths, column) for column in self._columns)
            plan = itemgetter(first, *others)  # type: ignore[arg-type]  # the stubs take the context's type for the index
            self._plans[paths] = plan
        picked: tuple[str | None, ...] = plan((*fields.values(), None))
        return picked

    @staticmethod
    def _place(paths: tuple[str, ...], column: tuple[str, ...]) -> int:
        return next((paths.index(path) for path in column if path in paths), -1)


def optional_amount(fields: Fields, path: str) -> tuple[int | None, str | None]:
    """An amount that need not be there, with its currency; raises `BadField` where it is there and garbled."""
    text = fields.get(path)
    if text is None:
        return None, None
    try:
        return values.amount(text), fields.get(f"{path}@Ccy")
    except ValueError as error:
        raise BadField(path, text, str(error)) from None


def local_day(fields: Fields, path: str) -> int | None:
    """The day of a date choice (`Dt` or `DtTm`), None where it is absent; raises `BadField` where it is no date."""
    return day_of(path, fields.get(f"{path}/Dt") or fields.get(f"{path}/DtTm") or fields.get(path))


def day_of(path: str, text: str | None) -> int | None:
    """A date found at a path, None where there is none; raises `BadField` where it is no date."""
    if text is None:
        return None
    try:
        return values.day(text)
    except ValueError as error:
        raise BadField(path, text, str(error)) from None


def party(fields: Fields, path: str) -> str | None:
    """The name of a party."""
    return next((fields[leaf] for leaf in party_paths(path) if leaf in fields), None)


def agent(fields: Fields, path: str) -> str | None:
    """A bank: its BIC, else its clearing code, its other identification, its name; None where that is NOTPROVIDED."""
    return next((found for leaf in agent_paths(path) if (found := values.given(fields.get(leaf)))), None)


@lru_cache(maxsize=4096)
def country(account: str | None) -> str | None:
    """The country of an account that is an IBAN."""
    return account[:2] if account is not None and account[:2].isalpha() and account[2:4].isdigit() else None


def joined(*texts: str | None) -> str | None:
    """The texts that are there, one a line."""
    return "\n".join(text for text in texts if text) or None
