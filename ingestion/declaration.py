"""The grammar of a declaration: how a file without a fixed format maps to the contracts of the raw layer.

A declaration is the YAML block under `declaration:` of a source, or one of the shipped files in
`ingestion/declarations`. It says how the file is cut into a table of text (encoding, delimiter, header, record path),
which column of the contract each column feeds, and how text becomes an amount, a date or a timestamp. Unknown keys are
errors, and nothing is guessed: what a declaration does not say is not done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from ingestion.contracts import BANK_ENTRY_DETAIL, CONTRACTS
from ingestion.sources import Strict

OneOrMany = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]

PLACE_COLUMNS = frozenset({"record_number", "file_line", "byte_start", "byte_end"})
STATEMENT_COLUMNS = frozenset(
    [
        "account_id",
        "account_name",
        "account_owner",
        "servicer_id",
        "statement_id",
        "opening_balance",
        "closing_balance",
        "from_date",
        "to_date",
        "declared_entries",
        "created_at",
    ]
)
"""Facts of a bank statement that a column or a preamble line may give."""
BANK_EXTRAS = frozenset(
    ["debit", "credit", "running_balance", "counterparty_name", "counterparty_account", "counterparty_agent"]
) | (frozenset(BANK_ENTRY_DETAIL.names) - PLACE_COLUMNS)
"""What a bank CSV may map besides the columns of bank_entry: split amounts, balances, and the detail of the entry."""
DIRECTIVES = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}", "%H": "[0-9]{1,2}", "%I": "[0-9]{1,2}",
    "%M": "[0-9]{2}", "%S": "[0-9]{2}", "%f": "[0-9]{1,9}", "%b": "[A-Za-z]{3}", "%B": "[A-Za-z]+", "%p": "[AaPp][Mm]",
    "%z": "[+-][0-9]{2}:?[0-9]{2}",
}  # fmt: skip
NAMED_FORMATS = ("iso", "odata")


class DeclarationError(ValueError):
    """A declaration is wrong; the message has one line per problem, each with its key and what was expected."""


class Numbers(Strict):
    """How amounts are written. Digit groups are checked: `12,34` is not read as 1234 where `,` groups thousands."""

    decimal: Literal[".", ",", "currency"] = Field(
        default=".",
        description="`currency`: either mark, as the user has chosen, and as many decimals as the currency has (SAP lists)",
    )
    thousands: Literal["", ".", ",", "'", " ", "_"] = Field(
        default="",
        description="with `,` also the Indian groups of two (1,00,000); ' also stands for ’, a space for any no-break space",
    )
    minus: Literal["leading", "trailing", "parentheses"] = Field(
        default="leading",
        description="where a negative amount has its mark: -1, 1-, (1); a plus may stand before or behind",
    )
    suffixes: dict[str, Literal["plus", "minus"]] = Field(
        default_factory=dict, description="marks after the number that give its sign, e.g. {CR: plus, DR: minus}"
    )

    @property
    def mark(self) -> str:
        """The decimal mark a number without a notation of its own is written with."""
        return "." if self.decimal == "currency" else self.decimal

    @model_validator(mode="after")
    def _marks_differ(self) -> Numbers:
        if self.decimal == self.thousands:
            raise ValueError("the decimal mark and the thousands mark must differ")
        return self


def format_pattern(text: str) -> str:
    """A date format as a regular expression of its exact shape, so that `%Y` never takes a year of two digits."""
    parts = re.split(r"(%.)", text)
    return "^" + "".join(DIRECTIVES[part] if part.startswith("%") else re.escape(part) for part in parts) + "$"


def _check_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    for text in formats:
        if text in NAMED_FORMATS:
            continue
        unknown = [part for part in re.findall(r"%.?", text) if part not in DIRECTIVES]
        if unknown or "%" not in text:
            raise ValueError(
                f"{text!r} is not a format: use {' '.join(DIRECTIVES)} (e.g. %d.%m.%Y), "
                f"or one of {', '.join(NAMED_FORMATS)}"
            )
    return formats


Formats = Annotated[OneOrMany, Field(min_length=1)]


class Column(Strict):
    """Where a contract column comes from: `from` one column, `join` of several, or the `first_of` several that has a
    value."""

    from_: str | None = Field(default=None, alias="from")
    join: OneOrMany = ()
    first_of: OneOrMany = ()
    separator: str = "\n"
    dates: Formats | None = None
    timestamps: Formats | None = None
    numbers: Numbers | None = None
    without: str = Field(
        default="", description="a currency sign or code around the number, e.g. $ in -$1.50 or ($1.50)"
    )
    pattern: str | None = Field(default=None, description="regular expression; its first group is the value")
    map: dict[str, str] = Field(default_factory=dict, description="delivered value -> value to load")
    otherwise: Literal["reject", "keep", "nothing"] = Field(
        default="reject", description="a value that `map` does not name"
    )
    nothing: OneOrMany = Field(default=(), description="delivered values that mean nothing, e.g. 00000000")
    optional: bool = Field(default=False, description="the file may lack the column")

    @property
    def sources(self) -> tuple[str, ...]:
        """The file columns it reads."""
        return ((self.from_,) if self.from_ else ()) + self.join + self.first_of

    @field_validator("dates", "timestamps")
    @classmethod
    def _formats(cls, formats: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return formats and _check_formats(formats)

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
            if groups < 1:
                raise ValueError("needs one group in brackets: the value")
        return pattern

    @model_validator(mode="after")
    def _one_source(self) -> Column:
        if sum(bool(given) for given in (self.from_, self.join, self.first_of)) != 1:
            raise ValueError("give exactly one of: from, join, first_of")
        return self


def _column(value: object) -> object:
    if isinstance(value, str):
        return {"from": value}
    return {"join": value} if isinstance(value, list | tuple) else value


ColumnSpec = Annotated[Column, BeforeValidator(_column)]


class Caption(Strict):
    """A fact in the lines above the header: the cell after the label, or what follows the label in its own cell."""

    label: OneOrMany
    pattern: str | None = None
    optional: bool = False
    dates: Formats | None = None


CaptionSpec = Annotated[
    Caption, BeforeValidator(lambda value: {"label": value} if isinstance(value, str | list) else value)
]


class Skip(Strict):
    """Rows that are no records. They are counted and reported under `reason`, never dropped silently."""

    column: str
    equals: OneOrMany = ()
    starts_with: OneOrMany = ()
    empty: bool | None = None
    reason: str = "total"
    fact: Literal["opening_balance", "closing_balance"] | None = Field(
        default=None, description="the balance that such a row states, as running balance or else as amount"
    )

    @model_validator(mode="after")
    def _one_test(self) -> Skip:
        if sum((bool(self.equals), bool(self.starts_with), self.empty is not None)) != 1:
            raise ValueError("give exactly one of: equals, starts_with, empty")
        return self


class Unpivot(Strict):
    """Columns turned into rows: all columns but `keep` become pairs of `names_to` and `values_to`."""

    keep: OneOrMany
    names_to: str = "name"
    values_to: str = "value"
    nothing: OneOrMany = Field(
        default=(), description="values that make no row, counted, e.g. N/A; an empty cell makes none"
    )


class Mapping_(Strict):  # noqa: N801  (Mapping is taken)
    """One kind of record and the columns that feed it."""

    kind: str
    columns: dict[str, ColumnSpec] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    where: dict[str, OneOrMany] = Field(
        default_factory=dict, description="only rows whose column has one of the values"
    )
    each: str | None = Field(default=None, description="JSON: a list in each record; its elements are the rows")

    @model_validator(mode="after")
    def _columns_exist(self) -> Mapping_:
        if self.kind not in CONTRACTS or self.kind in ("bank_statement", "bank_balance", "bank_entry_detail"):
            raise ValueError(f"kind {self.kind!r} cannot be declared; known kinds: {', '.join(declarable_kinds())}")
        known = set(CONTRACTS[self.kind].names) - PLACE_COLUMNS
        if self.kind == "bank_entry":
            known = (known | BANK_EXTRAS | STATEMENT_COLUMNS) - {"statement_number", "entry_number", "signed_amount"}
        for name in (*self.columns, *self.constants):
            if name not in known:
                raise ValueError(f"{name!r} is not a column of {self.kind}; known: {', '.join(sorted(known))}")
        both = sorted(set(self.columns) & set(self.constants))
        if both:
            raise ValueError(f"given both as column and as constant: {', '.join(both)}")
        return self


class FileDeclaration(Strict):
    """A whole declaration: how to cut the file, and one or several mappings of its rows."""

    title: str = Field(default="", description="what it is for, in messages")
    # how the file is cut into a table of text
    encoding: OneOrMany = Field(default=("utf-8",), description="candidates in order; a byte order mark decides first")
    delimiter: OneOrMany = Field(
        default=(",",), description="candidates in order; the one that cuts the header decides"
    )
    quote: Literal['"', "'", ""] = '"'
    header: OneOrMany | Literal[False] = Field(
        default=(), description="columns the header line has; false: there is none"
    )
    excess_fields: Literal["reject", "ignore"] = "reject"
    footer: OneOrMany = Field(default=(), description="a row that starts so, and all after it, are no records")
    sheet: str | None = Field(default=None, description="XLSX: the sheet; default: the only one")
    records: OneOrMany = Field(
        default=("",), description="JSON: pointers to the list of records; the first that exists"
    )
    hints: OneOrMany = Field(
        default=(), description="further columns that speak for this declaration where several fit"
    )
    entity: OneOrMany = Field(
        default=(), description="OData: names of the entity set or type; a file of another entity is not for it"
    )
    unpivot: Unpivot | None = Field(
        default=None, description="a table with one column a value, turned into one row a value"
    )
    # how text becomes values
    numbers: Numbers = Numbers()
    dates: Formats = ("iso",)
    timestamps: Formats = ("iso",)
    nothing: OneOrMany = Field(default=(), description="values that mean nothing in any column")
    # bank statements
    preamble: dict[str, CaptionSpec] = Field(default_factory=dict)
    sign: Literal["plus_is_credit", "plus_is_debit"] | None = Field(
        default=None,
        description="what a positive amount is. A bank's list: a credit, unless said. Open items: credit or debit of the supplier's or "
        "customer's account in a list signed as the ledger is; unless said, an amount is the document's own",
    )
    debit_values: Literal["positive", "negative"] = Field(default="positive", description="sign in the debit column")
    order: Literal["by_date", "newest_first", "oldest_first"] = "by_date"
    statement: Literal["per_file", "per_date"] = "per_file"
    continuation: OneOrMany = Field(default=(), description="a row in which these are empty continues the row above")
    # rows
    skip: tuple[Skip, ...] = ()
    kind: str | None = None
    columns: dict[str, ColumnSpec] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    where: dict[str, OneOrMany] = Field(default_factory=dict)
    mappings: tuple[Mapping_, ...] = ()

    @field_validator("dates", "timestamps")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return _check_formats(formats)

    @field_validator("encoding")
    @classmethod
    def _encodings(cls, encodings: tuple[str, ...]) -> tuple[str, ...]:
        for name in encodings:
            try:
                "".encode(name)
            except LookupError:
                raise ValueError(f"unknown encoding {name!r}; e.g. utf-8, windows-1252, iso-8859-15, cp850") from None
        return encodings

    @field_validator("delimiter")
    @classmethod
    def _delimiters(cls, delimiters: tuple[str, ...]) -> tuple[str, ...]:
        for text in delimiters:
            if len(text) != 1 or text in '\r\n"' or not text.isascii():
                raise ValueError(f"{text!r} is not a delimiter: use one character, e.g. ';' or \"\\t\"")
        return delimiters

    @field_validator("preamble")
    @classmethod
    def _captions(cls, preamble: dict[str, Caption]) -> dict[str, Caption]:
        for name in preamble:
            if name not in STATEMENT_COLUMNS | {"currency"}:
                raise ValueError(
                    f"{name!r} cannot be read from a preamble; known: {', '.join(sorted(STATEMENT_COLUMNS))}"
                )
        return preamble

    @model_validator(mode="after")
    def _rows(self) -> FileDeclaration:
        if (self.kind is None) == (not self.mappings):
            raise ValueError("give either `kind` and `columns`, or a list of `mappings`")
        for mapping in self.parts:
            self._check_required(mapping)
        if self.statement_kind is None and (self.preamble or self.continuation):
            raise ValueError("preamble and continuation belong to kind bank_entry")
        if self.sign is not None:
            self._check_sign()
        if self.continuation and not any("text" in mapping.columns for mapping in self.parts):
            raise ValueError("continuation: map a column to `text`, which the continuing rows are added to")
        return self

    def _check_sign(self) -> None:
        kinds = {mapping.kind for mapping in self.parts}
        if not kinds & {"bank_entry", "open_item"}:
            raise ValueError("sign belongs to the kinds bank_entry and open_item")
        for mapping in self.parts:
            if mapping.kind == "open_item" and "debit_credit" in {*mapping.columns, *mapping.constants}:
                raise ValueError("open_item: give either `sign`, or a column for `debit_credit`")

    def _check_required(self, mapping: Mapping_) -> None:
        given = {*mapping.columns, *mapping.constants}
        if mapping.kind == "bank_entry":
            if ("amount" in given) == ({"debit", "credit"} <= given):
                raise ValueError("bank_entry: map either `amount`, or both `debit` and `credit`")
            if "currency" not in given and "currency" not in self.preamble:
                raise ValueError("bank_entry: `currency` needs a column, a constant or a preamble line")
            return
        missing = CONTRACTS[mapping.kind].required - {"record_number", "source_system"} - given
        if missing:
            raise ValueError(f"{mapping.kind}: no column and no constant for {', '.join(sorted(missing))}")

    @cached_property
    def parts(self) -> tuple[Mapping_, ...]:
        """The mappings, the single one of the short form included."""
        if self.kind is None:
            return self.mappings
        return (Mapping_(kind=self.kind, columns=self.columns, constants=self.constants, where=self.where),)

    @property
    def statement_kind(self) -> str | None:
        """`bank_entry` where the file is a bank statement."""
        return next((part.kind for part in self.parts if part.kind == "bank_entry"), None)

    @property
    def required_sources(self) -> tuple[str, ...]:
        """File columns that must be there, in order; of a `first_of`, none by itself."""
        names = [
            source
            for part in self.parts
            for column in part.columns.values()
            if not column.optional and not column.first_of
            for source in column.sources
        ]
        names += [*self.continuation, *(skip.column for skip in self.skip), *(n for p in self.parts for n in p.where)]
        return tuple(dict.fromkeys(names))


def declarable_kinds() -> tuple[str, ...]:
    """The kinds a declaration may feed."""
    return tuple(kind for kind in CONTRACTS if kind not in ("bank_statement", "bank_balance", "bank_entry_detail"))


def parse_declaration(block: Mapping[str, object], where: str = "declaration") -> FileDeclaration:
    """A declaration from its YAML block; raises `DeclarationError` naming each key that is wrong and what was
    expected."""
    try:
        return FileDeclaration.model_validate(block)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            found = problem.get("input")
            shown = f" (found {found!r})" if isinstance(found, str | int | float | bool) else ""
            lines.append(f"{where}{'.' if key else ''}{key}: {message}{shown}")
        raise DeclarationError("\n".join(lines)) from None
