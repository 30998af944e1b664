"""Payments that may pay twice: two for one invoice, one reference or one file sent again, or one that names what is paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.monitoring.ages import live_payments, live_settlements
from reconciliation.monitoring.config import DuplicatePayment
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs
from reconciliation.monitoring.invoice_names import MINIMUM_DIGITS, ends_of_numbers, is_named, last_digits, named_items
from reconciliation.monitoring.paid_items import paid_at_the_bank, paid_beyond
from reconciliation.monitoring.payment_series import first_payments, is_later, out_of_turn
from reconciliation.monitoring.second_bookings import second_bookings

NEXT_STEP = "Stop the later payment while the bank still can; else ask the supplier for the money back"
NO_REFERENCE = ("NOTPROVIDED", "NONREF", "")
NUMBER_OF_A_DOCUMENT = r"\d{5,}"  # in a text; fewer digits are a month, a year, a flat
PAYEE = 4  # letters of a name that tells who is paid
RESENT_DAYS = 4  # a file is sent again within days; what comes again after a week is the next week's


def find(inputs: MonitoringInputs, settings: DuplicatePayment, as_of: date) -> pl.DataFrame:
    """One finding per later payment of a pair, neither of them stopped or returned, that

    - settles an item beyond its amount, as earlier payments of it have settled it (see `paid_beyond`), or a booking without a
      payment has, as of a card (see `paid_at_the_bank`), or
    - has the end-to-end id, beneficiary account and amount of an earlier one within `within_days`, unless it is
      the next of a series, or
    - settles nothing that is known, and its text names an invoice of its amount that an earlier one settles or names too, to the
      same account, party or name within `within_days`, or
    - settles nothing that is known and repeats account, amount and text of another one of the same day, unless they are parts of what
      their text names, or of an earlier one whose whole file is repeated within days, or whose text has a number of a document. Rent
      says the same each month, and is no sign.

    And one per booking that no payment explains and that pays again what is paid: it was made elsewhere, as in the bank's portal, or
    drawn by the supplier (see `second_bookings`).

    The money at stake is what is paid again. Age: days since it was sent, or was to be executed: it is serious at once, while it
    can still be stopped.
    """
    payments = (
        live_payments(inputs)
        .filter(pl.col("direction") == "credit_transfer")
        .with_columns(
            pl.coalesce("execution_date", "sent_on").alias("day"),
            said=_letters_and_digits("remittance_text").fill_null(""),
        )
    )
    of_itself = payments.join(live_settlements(inputs), on="payment_id", how="anti")
    pairs = pl.concat(
        [
            paid_beyond(inputs, payments),
            paid_at_the_bank(inputs, payments, as_of),
            _same_reference(payments, settings.within_days),
            _names_what_is_paid(inputs, payments, of_itself, settings.within_days),
            _same_day(inputs, payments, of_itself),
            _same_text(payments, of_itself),
            _same_file(payments, of_itself),
        ]
    )
    rows = (
        pairs.sort("payment_id", "why", "first_payment_id", "what")
        .unique("payment_id", keep="first", maintain_order=True)
        .join(payments, on="payment_id")
        .with_columns(
            pl.min_horizontal("day", "sent_on", pl.lit(as_of)).alias("since"),
            pl.coalesce("again", "amount").alias("amount"),
        )
        .filter((pl.col("day") >= as_of - timedelta(days=settings.within_days)).fill_null(value=True))
    )
    of_payments = findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        related="first_payment_id",
        message=_message,
        next_step=NEXT_STEP,
    )
    return pl.concat([of_payments, second_bookings(inputs, settings.within_days, as_of)])


def _pairs(rows: pl.DataFrame, why: str, what: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "payment_id",
        "first_payment_id",
        "first_day",
        pl.lit(why).alias("why"),
        what.alias("what"),
        pl.lit(None, AMOUNT).alias("again"),
    )


def _same_reference(payments: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """Later payments with the end-to-end id, beneficiary account, currency and amount of an earlier one."""
    keys = ["end_to_end_id", "counterparty_account", "currency", "amount"]
    named = payments.filter(~pl.col("end_to_end_id").str.to_uppercase().is_in(NO_REFERENCE))
    return _pairs(out_of_turn(named, keys, within_days), "reference", pl.col("end_to_end_id"))


def _names_what_is_paid(
    inputs: MonitoringInputs, payments: pl.DataFrame, of_itself: pl.DataFrame, within_days: int
) -> pl.DataFrame:
    """Later payments that settle nothing known and name an invoice of their amount that an earlier one settles, or names as well.

    Texts and names meet by the last digits of their numbers: one party's many payments of one amount are not gone through in pairs.
    """
    items = named_items(inputs).with_columns(key=last_digits("name"))
    names = (
        of_itself.filter(pl.col("said").str.count_matches(r"\d") >= MINIMUM_DIGITS)
        .with_columns(pl.col("counterparty_account").alias("account"), party=_party(inputs), payee=_payee())
        .select("payment_id", "day", "entity_id", "currency", "amount", "account", "party", "payee", "remittance_text")
        .with_columns(key=ends_of_numbers("remittance_text"))
        .explode("key")
    )
    first = payments.select(
        pl.col("payment_id").alias("first_payment_id"),
        pl.col("day").alias("first_day"),
        pl.col("counterparty_account").alias("first_account"),
        _payee().alias("first_payee"),
        pl.col("currency").alias("first_currency"),
        pl.col("amount").alias("first_amount"),
    )
    settled = (
        live_settlements(inputs)
        .select("open_item_id", pl.col("payment_id").alias("first_payment_id"))
        .unique()
        .join(first, on="first_payment_id")
    )
    mentions = (
        names.join(items.rename({"party": "item_party"}), on=["entity_id", "currency", "amount", "key"])
        .filter(is_named("remittance_text") & (pl.col("party") == pl.col("item_party")).fill_null(value=True))
        .unique(["payment_id", "open_item_id"])
    )
    by_item = mentions.join(settled, on="open_item_id").filter(
        pl.col("party").is_not_null()
        | (pl.col("account") == pl.col("first_account")).fill_null(value=False)
        | (pl.col("payee") == pl.col("first_payee")).fill_null(value=False)
    )
    # of the amount and to the account of the payment that settled it
    by_payment = names.join(
        settled.join(items.select("open_item_id", "name", "key"), on="open_item_id"),
        left_on=["account", "currency", "amount", "key"],
        right_on=["first_account", "first_currency", "first_amount", "key"],
    ).filter(is_named("remittance_text"))
    # of many that name one item each stands beside the one before it
    together = ["open_item_id", "account"]
    both_name = (
        mentions.filter(pl.col("day").is_not_null() & pl.col("account").is_not_null())
        .sort(*together, "day", "payment_id")
        .with_columns(pl.col("payment_id", "day").shift().over(together).name.prefix("first_"))
    )
    columns = ["payment_id", "first_payment_id", "first_day", "day", "remittance_text"]
    found = pl.concat([one.select(columns) for one in (by_item, by_payment, both_name)]).filter(is_later(within_days))
    return _pairs(found, "text", pl.col("remittance_text")).unique()


def _party(inputs: MonitoringInputs) -> pl.Expr:
    """The party paid: the payment's, else the only one that has its account."""
    of_account = (
        inputs.counterparty_accounts.group_by("account_identifier")
        .agg(pl.coalesce("golden_id", "counterparty_id").unique().alias("parties"))
        .filter(pl.col("parties").list.len() == 1)
        .select("account_identifier", pl.col("parties").list.first())
    )
    known = dict(of_account.iter_rows())
    return pl.coalesce(
        "golden_id", pl.col("counterparty_account").replace_strict(known, default=None, return_dtype=pl.String)
    )


def _same_day(inputs: MonitoringInputs, payments: pl.DataFrame, of_itself: pl.DataFrame) -> pl.DataFrame:
    """Payments of no known item that repeat another one of the day in account, amount and text, where that is not the rule, nor what
    their text names owed so much.
    """
    keys = ["counterparty_account", "entity_id", "currency", "amount", "said"]
    twins = of_itself.filter((pl.len().over(*keys, "day") > 1) & (pl.col("said") != "")).filter(
        pl.col("day").n_unique().over(keys) == 1
    )
    parts = (
        twins.group_by(keys)
        .agg(pl.col("amount").sum().alias("together"), pl.col("remittance_text").first())
        .with_columns(key=ends_of_numbers("remittance_text"))
        .explode("key")
        .join(
            named_items(inputs).with_columns(key=last_digits("name")).rename({"amount": "due"}),
            on=["entity_id", "currency", "key"],
        )
        .filter((pl.col("due") <= pl.col("together")) & is_named("remittance_text"))
    )
    first = first_payments(payments, [*keys, "day"])
    return _pairs(
        twins.join(parts, on=keys, how="anti")
        .join(first.with_columns(first_day="day"), on=[*keys, "day"])
        .filter(pl.col("payment_id") > pl.col("first_payment_id")),
        "twin",
        pl.col("remittance_text"),
    )


def _same_text(payments: pl.DataFrame, of_itself: pl.DataFrame) -> pl.DataFrame:
    """Payments of no known item that come again within days with account, amount and a text that has a document's number."""
    keys = ["counterparty_account", "entity_id", "currency", "amount", "said"]
    numbered = payments.filter(pl.col("remittance_text").str.contains(NUMBER_OF_A_DOCUMENT))
    again = out_of_turn(numbered, keys, RESENT_DAYS, may_be_daily=True).join(of_itself, on="payment_id", how="semi")
    return _pairs(again.filter(pl.col("day") > pl.col("first_day")), "twin", pl.col("remittance_text"))


def _same_file(payments: pl.DataFrame, of_itself: pl.DataFrame) -> pl.DataFrame:
    """Payments of no known item in a batch that repeats another one, payment for payment, within days."""
    keys = ["counterparty_account", "currency", "amount", "said"]
    batches = (
        payments.filter(pl.col("batch_id").is_not_null())
        .with_columns(pl.struct(keys).hash().alias("content"))
        .group_by("batch_id", "entity_id", "account_id")
        .agg(
            pl.len().alias("payments"),
            pl.col("content").sort(),
            pl.col("amount").sum(),
            pl.col("day").min(),
            pl.col("batch_id").first().alias("payment_id"),
        )
        .filter(pl.col("payments") > 1)
        .with_columns(pl.col("content").hash())
    )
    content = ["entity_id", "account_id", "payments", "content", "amount"]
    again = out_of_turn(batches, content, RESENT_DAYS).select(
        "batch_id", pl.col("first_payment_id").alias("first_batch")
    )
    first = first_payments(payments.with_columns(first_batch="batch_id"), ["first_batch", *keys])
    return _pairs(
        of_itself.join(again, on="batch_id").join(first, on=["first_batch", *keys], nulls_equal=True),
        "file",
        pl.col("first_batch"),
    )


def _payee() -> pl.Expr:
    """The name of who is paid, its letters and digits; none where it says next to nothing."""
    name = _letters_and_digits("counterparty_name")
    return pl.when(name.str.len_chars() >= PAYEE).then(name)


def _letters_and_digits(column: str) -> pl.Expr:
    return pl.col(column).str.to_uppercase().str.replace_all(r"[^\pL\pN]", "")


def _message(row: Mapping[str, Value]) -> str:
    whole = f"{money(row)} to {row['counterparty_name'] or '(no name)'} for {row['day']}"
    first = f"payment {row['first_payment_id']} of {row['first_day']}"
    if row["why"] == "item":
        return f"{whole} pays {row['what']} again: {first} settles it already"
    if row["why"] == "booking":
        return f"{whole} pays {row['what']} again: a booking that no payment explains settles it already"
    if row["why"] == "text":
        return f"{whole} names what {first} names or settles ({row['what']}), and settles no other item"
    if row["why"] == "twin":
        return f"{whole} repeats {first} word for word ({row['what']}), and settles no item that is known"
    if row["why"] == "file":
        return f"{whole} comes again with all others of its file: {first} is the same of batch {row['what']}"
    return f"{whole} repeats the reference {row['what']} of {first}"
