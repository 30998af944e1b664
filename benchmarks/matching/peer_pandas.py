"""The cascade as pandas merges: `python peer_pandas.py DIR OUT.parquet`. Needs pandas and pyarrow alone.

The same rules as peer_duckdb.sql, in the same order: unique answers only, each pass on what is still open.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import pandas as pd

Frame = pd.DataFrame


def unique_pairs(pairs: Frame) -> Frame:
    """Return the pairs whose line and whose other side have no second candidate."""
    pairs = pairs.drop_duplicates(["line", "other"])
    return pairs[~pairs["line"].duplicated(keep=False) & ~pairs["other"].duplicated(keep=False)]


def plain(text: pd.Series) -> pd.Series:
    """Return texts in upper case, O as 0 and I as 1."""
    return text.str.upper().str.translate(str.maketrans("OI", "01"))


class Cascade:
    """The state of the cascade: the frames and what has been found."""

    def __init__(self, directory: str) -> None:
        self.lines = pd.read_parquet(f"{directory}/bank_lines.parquet").rename(columns={"item_id": "line"})
        self.payments = pd.read_parquet(f"{directory}/payments.parquet").rename(columns={"item_id": "other"})
        self.items = pd.read_parquet(f"{directory}/open_items.parquet").rename(columns={"item_id": "other"})
        self.links = pd.read_parquet(f"{directory}/links.parquet")
        for frame in (self.lines, self.payments, self.items):
            frame["amount"] = (frame["amount"] * 100_000).astype("int64")
            frame["date"] = pd.to_datetime(frame["date"])
        self.items["due_date"] = pd.to_datetime(self.items["due_date"])
        self.found: list[Frame] = []
        self.used_lines: set[str] = set()
        self.used: set[str] = set()

    def take(self, pairs: Frame, dataset: str) -> None:
        """Note pairs as found; what they hold is not open any more."""
        self.found.append(pairs[["line", "other"]].assign(dataset=dataset))
        self.used_lines.update(pairs["line"])
        self.used.update(pairs["other"])

    def open(self, frame: Frame, column: str) -> Frame:
        """Return the rows that nothing has explained yet."""
        return frame[~frame[column].isin(self.used_lines if column == "line" else self.used)]

    def run(self) -> Frame:
        """Run all passes and return line, dataset, other."""
        self.exact_references()
        self.texts()
        self.batches()
        self.amounts()
        self.returns()
        return pd.concat(self.found)[["line", "dataset", "other"]]

    def exact_references(self) -> None:
        """Pass 1: a payment's identifier among the references of the line."""
        left = self.lines[["line", "entity", "amount", "references"]].explode("references").dropna()
        right = self.payments[["other", "entity", "amount", "references"]].explode("references").dropna()
        pairs = left.merge(right, on=["entity", "references"], suffixes=("", "_other"))
        self.take(unique_pairs(pairs[(pairs["amount"] > 0) == (pairs["amount_other"] > 0)]), "payments")

    def texts(self) -> None:
        """Passes 2 to 5: identifiers in the text, by tokens and grams of up to three."""
        lines = self.open(self.lines, "line")
        known = lines["references"].map(lambda found: " ".join(found) if found is not None else "")
        words = plain(lines["text"].fillna("") + " " + known).str.findall("[A-Z0-9]+")
        grams = words.map(
            lambda w: [
                *w,
                *map("".join, pairwise(w)),
                *map("".join, zip(w, w[1:], w[2:], strict=False)),
            ]
        )
        tokens = lines[["line", "entity", "amount"]].assign(token=grams).explode("token").dropna(subset="token")
        tokens = tokens[tokens["token"].str.len().between(5, 40)].drop_duplicates(["line", "token"])

        def keys(frame: Frame) -> Frame:
            exploded = frame[["other", "entity", "amount", "references"]].explode("references").dropna()
            token = plain(exploded["references"]).str.replace("[^A-Z0-9]", "", regex=True)
            return exploded.assign(token=token).drop(columns="references")

        on = ["entity", "token"]
        pairs = tokens.merge(keys(self.open(self.payments, "other")), on=on, suffixes=("", "_other"))
        self.take(unique_pairs(pairs[(pairs["amount"] > 0) == (pairs["amount_other"] > 0)]), "payments")

        hits = tokens.merge(keys(self.items), on=on, suffixes=("", "_item")).drop_duplicates(["line", "other"])
        through = hits.rename(columns={"other": "right_id"}).merge(self.links[["left_id", "right_id"]], on="right_id")
        amounts = self.payments[["other", "amount"]].rename(columns={"amount": "amount_payment"})
        through = through.rename(columns={"left_id": "other"}).merge(amounts, on="other")
        through = self.open(self.open(through[through["amount"] == through["amount_payment"]], "line"), "other")
        self.take(unique_pairs(through), "payments")

        hits = self.open(self.open(hits, "line"), "other")
        total = hits.groupby("line")["amount_item"].transform("sum")
        self.take(hits[total == hits["amount"]], "open_items")
        hits = self.open(self.open(hits, "line"), "other")
        hits = hits[~hits["other"].isin(self.links["right_id"]) & ((hits["amount"] > 0) == (hits["amount_item"] > 0))]
        hits = hits[hits["amount"].abs() <= hits["amount_item"].abs() * 1.5]
        self.take(hits[~hits["line"].duplicated(keep=False)], "open_items")

    def batches(self) -> None:
        """Pass 6: payments booked as one entry."""
        members = self.open(self.payments, "other").dropna(subset="batch_id")
        key = ["batch_id", "account", "currency"]
        batches = members.groupby(key, as_index=False).agg(
            amount=("amount", "sum"), day=("date", "min"), n=("other", "size")
        )
        lines = self.open(self.lines, "line")
        pairs = batches[batches["n"] > 1].merge(
            lines[["line", "account", "currency", "amount", "date"]], on=[*key[1:], "amount"]
        )
        pairs = pairs[(pairs["date"] - pairs["day"]).dt.days.between(0, 7)]
        pairs = pairs.assign(other=pairs["batch_id"] + pairs["account"])
        chosen = unique_pairs(pairs)[["line", *key]]
        self.take(chosen.merge(members[["other", *key]], on=key), "payments")

    def amounts(self) -> None:
        """Pass 7: amount, date and the counterparty's account; then amount and date alone."""
        for key in (["account", "amount", "counterparty_account"], ["account", "amount"]):
            left = self.open(self.lines, "line")[["line", "date", *key]].dropna()
            right = self.open(self.payments, "other")[["other", "date", *key]].dropna()
            pairs = left.merge(right, on=key, suffixes=("", "_other"))
            self.take(unique_pairs(pairs[(pairs["date"] - pairs["date_other"]).dt.days.between(0, 7)]), "payments")
        key = ["entity", "currency", "amount", "counterparty_account"]
        left = self.open(self.lines, "line")[["line", "date", *key]].dropna()
        right = self.open(self.items, "other")[["other", "due_date", *key]].dropna()
        pairs = left.merge(right, on=key)
        self.take(unique_pairs(pairs[(pairs["date"] - pairs["due_date"]).dt.days.abs() <= 20]), "open_items")

    def returns(self) -> None:
        """Pass 8: returns and corrections."""
        said = self.lines["text"].fillna("").str.upper().str.contains("RETURN|REVERSAL|CORRECTION")
        back = self.open(self.lines[said], "line")[["line", "account", "amount", "date"]]
        first = self.lines[["line", "account", "amount", "date"]].rename(columns={"line": "other"})
        pairs = back.assign(amount=-back["amount"]).merge(first, on=["account", "amount"], suffixes=("", "_other"))
        days = (pairs["date"] - pairs["date_other"]).dt.days
        self.take(unique_pairs(pairs[days.between(0, 7) & (pairs["line"] != pairs["other"])]), "bank_lines")


if __name__ == "__main__":
    Cascade(sys.argv[1]).run().to_parquet(sys.argv[2], index=False)
