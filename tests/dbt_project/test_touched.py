"""Every model made by key says which of its keys a build of added deliveries touches: for each of its inputs, or why it need not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import pytest

from orchestration.dbt_runner import manifest_path

Node = Mapping[str, Any]
REFERENCE = re.compile(r"(?:ref|changed)\(\s*'(\w+)'\s*\)|source\(\s*'(\w+)'\s*,\s*'(\w+)'\s*\)")
CONFIG = re.compile(r"\{\{\s*config\(.*?\)\s*\}\}\s*\n", re.DOTALL)  # the braces of a hook within stand before a quote
COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)


class Project:
    """The project as dbt parses it; models by name, sources as `schema.table`."""

    @cached_property
    def manifest(self) -> Mapping[str, Mapping[str, Node]]:
        content: Mapping[str, Mapping[str, Node]] = json.loads(manifest_path().read_text(encoding="utf-8"))
        return content

    @cached_property
    def models(self) -> Mapping[str, Node]:
        return {node["name"]: node for node in self.manifest["nodes"].values() if node["resource_type"] == "model"}

    @cached_property
    def macros(self) -> Mapping[str, str]:
        return {
            macro["name"]: macro["macro_sql"]
            for macro in self.manifest["macros"].values()
            if macro["package_name"] == "tieout"
        }

    def by_key(self) -> list[str]:
        return sorted(name for name, node in self.models.items() if node["config"]["materialized"] == "by_key")

    def named(self, text: str) -> set[str]:
        """The models and sources a text names, itself or by macros it calls."""
        text = COMMENT.sub("", text)
        found = {model or f"{schema}.{table}" for model, schema, table in REFERENCE.findall(text)}
        for called in set(re.findall(r"\b(\w+)\(", text)) & set(self.macros):
            found |= self.named(self.macros[called].split("%}", 1)[1])
        return found

    def body(self, model: str) -> str:
        return COMMENT.sub("", CONFIG.sub("", self.models[model]["raw_code"]))

    def inputs(self, model: str) -> set[str]:
        return self.named(self.body(model))

    def touched(self, model: str) -> set[str]:
        """What the model's macro names where it says which keys are touched, itself or by views it reads."""
        waiting = [name for hook in self.models[model]["config"]["pre-hook"] for name in self.named(hook["sql"])]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                if name in self.models and self.models[name]["config"]["materialized"] == "view":
                    waiting += sorted(self.inputs(name))
        return found

    def is_config(self, name: str) -> bool:
        """Whether a model or source holds nothing but config and rules: with another config every table is made anew."""
        if name not in self.models:
            return name.startswith("config.")
        return all(map(self.is_config, self.inputs(name)))

    def is_remade(self, name: str) -> bool:
        """Whether it says nothing of its own about what changes: a view, or a table made whole and not compared."""
        config = self.models[name]["config"]
        return config["materialized"] == "view" or (config["materialized"] == "table" and not config.get("tracked"))

    def not_said(self, model: str) -> Iterator[str]:
        """The inputs of a model by key, through views and tables made whole, that its macro does not name."""
        said = self.touched(model) | {model}
        waiting, seen = sorted(self.inputs(model)), set()
        while waiting:
            name = waiting.pop()
            if name in seen or name in said or self.is_config(name) or name in NEVER_CHANGE:
                continue
            seen.add(name)
            if name in self.models and self.is_remade(name):
                waiting += sorted(self.inputs(name))
            else:
                yield name


NEVER_CHANGE: Mapping[str, str] = {
    "stg_delivery": "a delivery that the tables hold is as it was, or all is made anew (orchestration/additions.py)",
    "stg_own_account": "which account a name is, is config",
    "bank_account": "what models by key read of an account is config",
}
COMES_WITH: Mapping[str, str] = {
    "raw.payment_message": "raw.payment_instruction",
    "raw.payment_batch": "raw.payment_instruction",
    "raw.bank_statement": "bank_statement",
    "raw.bank_balance": "bank_statement",
    "raw.bank_entry": "bank_statement",
    "raw.bank_entry_detail": "bank_statement",
}
"""Records that are joined within a delivery to others, by which the macro finds what the delivery touches."""

SAID_BY: Mapping[tuple[str, str], tuple[str, str]] = {
    ("bank_statement_line_detail", "stg_bank__notification_link"): (
        "bank_statement_line", "a line whose camt.054 is another is made again"),
    ("bank_statement_line_detail", "raw.bank_entry_detail"): ("bank_statement_line", "details come with a line's statement"),
    ("bank_statement_line_detail", "raw.bank_entry"): ("bank_statement_line", "as its details"),
    ("bank_statement_line_detail", "raw.bank_statement"): ("bank_statement_line", "as its details"),
    ("bank_statement_line_detail", "raw.bank_balance"): ("bank_statement_line", "as its details"),
    ("open_item", "payment_instruction"): ("remittance_advice", "the account, id and day of a payment never change"),
    ("open_items", "counterparty"): ("open_item", "the items of a changed party are made again"),
    ("open_payables", "counterparty"): ("open_item", "the items of a changed party are made again"),
    ("links", "payments"): ("payment_instruction", "whether a payment is among the payments is its status"),
    ("links", "open_items"): ("open_item", "whether an item is among the items is its kind, status and amount"),
    ("payment_instruction", "stg_erp__newest_item"): ("remittance_advice", "the payments of a changed item are made again"),
    ("payment_instruction", "open_item_origin"): ("remittance_advice", "the payments of a changed item are made again"),
    ("workflow_event", "open_item_origin"): ("open_item", "an item that has another origin is made again"),
    ("workflow_event", "raw.open_item"): ("open_item", "an item of which any record came is made again"),
    ("workflow_event", "raw.approval"): ("open_item", "an item of which a step of approval came is made again"),
    ("stg_document_step", "open_item"): ("workflow_event", "all steps of a changed item are made again"),
    ("stg_document_step", "payment_instruction"): ("workflow_event", "all steps of a changed payment are made again"),
    ("stg_document_step", "bank_statement_line"): ("workflow_event", "all steps of a changed line are made again"),
    ("ownership_violation", "raw.counterparty"): ("counterparty", "what is said of parties is made again for all of them"),
    ("ownership_violation", "raw.counterparty_bank_account"): ("counterparty", "as what is said of parties"),
    ("ownership_violation", "counterparty_bank_account"): ("counterparty", "as what is said of parties"),
    ("stg_document_step", "counterparty"): ("workflow_event", "nothing is read of it: the view of items names it"),
}  # fmt: skip
"""(model, input) -> the model in whose changes a change of the input shows, and why. Think before a line is added here."""

PROJECT = Project()


@pytest.mark.parametrize("model", PROJECT.by_key())
def test_each_input_is_said_to_touch_keys_or_why_not(model: str) -> None:
    said = PROJECT.touched(model)
    forgotten = [
        name
        for name in PROJECT.not_said(model)
        if COMES_WITH.get(name) not in said and SAID_BY.get((model, name), ("",))[0] not in said
    ]
    assert forgotten == [], f"no word in touched_{model} of what a change in these touches"


def test_reasons_are_given_only_where_they_are_needed() -> None:
    needless = [(model, name) for model, name in SAID_BY if name not in PROJECT.not_said(model)]
    assert needless == []


def test_an_input_nobody_thought_of_is_found() -> None:
    class Extended(Project):
        def body(self, model: str) -> str:
            more = "union all select * from {{ ref('counterparty') }}" if model == "bank_lines" else ""
            return super().body(model) + more

    assert list(Extended().not_said("bank_lines")) == ["counterparty"]


def test_what_is_added_to_on_another_business_day_does_not_read_the_day() -> None:
    of_day = {name for name in PROJECT.by_key() if PROJECT.models[name]["config"].get("of_day")}
    assert of_day == {"open_payables", "ownership_violation", "payment_proposal"}
    for model in sorted(set(PROJECT.by_key()) - of_day):
        waiting, views = [model], set()
        while waiting:
            name = waiting.pop()
            views.add(name)
            inputs = PROJECT.inputs(name) & set(PROJECT.models) - views
            waiting += [each for each in inputs if PROJECT.is_remade(each) and each not in ("stg_run", *NEVER_CHANGE)]
        reads = {name for name in views if re.search(r"\bas_of\b", PROJECT.body(name))}
        assert reads - DATED_OTHERWISE == set(), f"{model} reads the business day"
        assert not PROJECT.touched(model) & of_day, f"{model} waits for changes of a model that is made anew each day"


DATED_OTHERWISE = {"stg_reconciled"}
"""What has a column of this name that is not the run's day."""
