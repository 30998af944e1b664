"""What kinds of bank line a scale data set holds, and how often: the one place to vary it.

A *kind* says how one settlement reaches the bank statement: how many payments and documents it covers, how its line
names them, what the amount lost on the way. `ScaleProfile.exact` is the share of clean lines; the other kinds divide
the rest by their weights, of which the hard setting has its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PAYMENT, DIRECT, RECEIPT, NOISE, OFFSET = "payment", "direct", "receipt", "noise", "offset"


@dataclass(frozen=True)
class LineKind:
    """One way a settlement appears on a bank statement.

    side: payment (bank debit <- payment instruction <- bills), direct (bank debit <- bills, no instruction of ours),
        receipt (bank credit <- customer invoices), offset (two lines that cancel out), noise (no counterpart).
    reference: what the line says: end_to_end, end_to_end_cut, number, mangled, wrapped, several, range, structured,
        typo, cheque, batch, mixed, none.
    documents, payments, lines: smallest and largest count per settlement; documents and payments are mostly few.
    effect: what happens to the amount: none, fee, fx, typing_error, short_pay, over_pay, discount, discount_late,
        credit_memo, instalments.
    party: how the line names the counterparty: usual (as its bank does), name (damaged, alone), third (someone else).
    """

    name: str
    side: str
    weight: float
    hard_weight: float
    reference: str
    documents: tuple[int, int] = (1, 1)
    payments: tuple[int, int] = (1, 1)
    lines: tuple[int, int] = (1, 1)
    effect: str = "none"
    party: str = "usual"
    fixed_price: bool = False
    late: bool = False
    twins: bool = False


KINDS: tuple[LineKind, ...] = (
    LineKind("exact", PAYMENT, 0.0, 0.0, "end_to_end", documents=(1, 4)),
    LineKind("end_to_end_truncated", PAYMENT, 0.05, 0.08, "end_to_end_cut", documents=(1, 4)),
    LineKind("end_to_end_missing", PAYMENT, 0.06, 0.07, "number", documents=(1, 3)),
    LineKind("invoice_mangled", PAYMENT, 0.04, 0.07, "mangled", documents=(1, 2)),
    LineKind("text_wrapped", PAYMENT, 0.03, 0.05, "wrapped", documents=(1, 2)),
    LineKind("no_reference", PAYMENT, 0.04, 0.05, "none", documents=(1, 3)),
    LineKind("batch", PAYMENT, 0.012, 0.016, "batch", payments=(2, 30)),
    LineKind("batch_rejected", PAYMENT, 0.003, 0.006, "batch", payments=(3, 24)),
    LineKind("cheque", PAYMENT, 0.02, 0.025, "cheque", documents=(1, 3)),
    LineKind("payment_fee", PAYMENT, 0.01, 0.018, "mixed", effect="fee"),
    LineKind("payment_fx", PAYMENT, 0.01, 0.018, "mixed", effect="fx"),
    LineKind("typing_error", PAYMENT, 0.003, 0.008, "mixed", effect="typing_error"),
    LineKind("reference_typo", PAYMENT, 0.004, 0.01, "typo"),
    LineKind("returned", PAYMENT, 0.008, 0.012, "mixed", lines=(2, 3)),
    LineKind("rent", PAYMENT, 0.025, 0.04, "none", fixed_price=True),
    LineKind("payment_twins", PAYMENT, 0.002, 0.004, "none", payments=(2, 2), lines=(2, 2), twins=True),
    LineKind("direct_debit", DIRECT, 0.015, 0.02, "number", documents=(1, 2)),
    LineKind("lump_debit", DIRECT, 0.004, 0.006, "none", documents=(2, 6)),
    LineKind("receipt", RECEIPT, 0.11, 0.07, "number"),
    LineKind("receipt_structured", RECEIPT, 0.04, 0.03, "structured"),
    LineKind("receipt_mangled", RECEIPT, 0.03, 0.05, "mangled"),
    LineKind("receipt_wrapped", RECEIPT, 0.02, 0.03, "wrapped"),
    LineKind("lump_referenced", RECEIPT, 0.025, 0.03, "several", documents=(2, 8)),
    LineKind("lump_range", RECEIPT, 0.003, 0.005, "range", documents=(3, 6)),
    LineKind("receipt_no_reference", RECEIPT, 0.03, 0.04, "none"),
    LineKind("lump_no_reference", RECEIPT, 0.01, 0.018, "none", documents=(2, 6)),
    LineKind("instalments", RECEIPT, 0.01, 0.015, "number", lines=(2, 4), effect="instalments"),
    LineKind("instalments_no_reference", RECEIPT, 0.003, 0.006, "none", lines=(2, 3), effect="instalments"),
    LineKind("partial_payment", RECEIPT, 0.006, 0.01, "number", effect="short_pay"),
    LineKind("over_payment", RECEIPT, 0.003, 0.005, "number", effect="over_pay"),
    LineKind("credit_memo_netted", RECEIPT, 0.008, 0.012, "several", documents=(2, 4), effect="credit_memo"),
    LineKind("discount_in_time", RECEIPT, 0.015, 0.02, "number", documents=(1, 2), effect="discount"),
    LineKind("discount_late", RECEIPT, 0.004, 0.008, "number", effect="discount_late"),
    LineKind("receipt_fee", RECEIPT, 0.006, 0.01, "number", effect="fee"),
    LineKind("subscription", RECEIPT, 0.025, 0.04, "none", fixed_price=True),
    LineKind("name_only", RECEIPT, 0.008, 0.015, "none", party="name"),
    LineKind("collection_account", RECEIPT, 0.004, 0.008, "number", party="third"),
    LineKind("prior_period", RECEIPT, 0.003, 0.005, "number", late=True),
    LineKind("receipt_twins", RECEIPT, 0.002, 0.004, "none", payments=(2, 2), lines=(2, 2), twins=True),
    LineKind("offset", OFFSET, 0.003, 0.005, "none", lines=(2, 2)),
    LineKind("noise_debit", NOISE, 0.02, 0.03, "none"),
    LineKind("noise_credit", NOISE, 0.01, 0.015, "none"),
    # no line at all: payments that have not reached the bank, and documents nobody has paid
    LineKind("outstanding_payment", PAYMENT, 0.0, 0.0, "none", documents=(1, 3), lines=(0, 0)),
    LineKind("unpaid_bill", DIRECT, 0.0, 0.0, "none", lines=(0, 0)),
    LineKind("unpaid_invoice", RECEIPT, 0.0, 0.0, "none", lines=(0, 0)),
)
KIND_NUMBER = {kind.name: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class ScaleProfile:
    """The dials of a scale data set; every one may be changed without touching the generator.

    exact: share of bank lines that carry the end-to-end id of their payment and nothing odd.
    weights: by kind name, replacing the shipped ones; the other kinds divide the lines that are not exact by them.
    outstanding, unpaid_bills, unpaid_invoices: items without a line, as shares of the bank lines.
    linked: share of payments whose paid documents are known as links (a remittance advice).
    countries: weight of each country of scale_parties.COUNTRIES among the legal entities; empty means the shipped ones.
    """

    hard: bool = False
    exact: float = 0.60
    weights: dict[str, float] = field(default_factory=dict)
    days: int = 180
    lines_per_entity: int = 20_000
    lines_per_party: int = 40
    outstanding: float = 0.02
    unpaid_bills: float = 0.10
    unpaid_invoices: float = 0.06
    linked: float = 0.95
    account_missing: float = 0.05
    name_damaged: float = 0.10
    lateness_days: float = 3.0
    countries: dict[str, float] = field(default_factory=dict)

    @classmethod
    def shipped(cls, hard: bool = False) -> ScaleProfile:
        """Return the shipped profile; the hard one damages more of what a line says about its sender."""
        if not hard:
            return cls()
        return cls(
            hard=True,
            exact=0.30,
            outstanding=0.03,
            unpaid_bills=0.15,
            unpaid_invoices=0.10,
            linked=0.92,
            account_missing=0.15,
            name_damaged=0.30,
            lateness_days=4.0,
        )

    def shares(self) -> dict[str, float]:
        """Return the share of bank lines of each kind. Raises ValueError for unknown kinds and impossible shares."""
        unknown = sorted(set(self.weights) - set(KIND_NUMBER))
        if unknown:
            raise ValueError(f"unknown kinds of bank line {unknown}; known are {sorted(KIND_NUMBER)}")
        if not 0 <= self.exact <= 1:
            raise ValueError(f"the share of exact lines is {self.exact}; expected 0 to 1")
        shipped = {kind.name: kind.hard_weight if self.hard else kind.weight for kind in KINDS}
        weights = {name: self.weights.get(name, weight) for name, weight in shipped.items() if name != "exact"}
        total = sum(weights.values())
        shares = {name: (1 - self.exact) * weight / total if total else 0.0 for name, weight in weights.items()}
        return {"exact": 1 - sum(shares.values()), **shares}
