"""A charge by which many payments are short that name their bills is one, however short the numbers."""

from __future__ import annotations

from example_items import items, members

from reconciliation.matching import match, preset


def _sure_of(charges: tuple[int, ...]) -> int:
    bills, lines = [], []
    for place, charge in enumerate(charges):
        name = f"Kund {'ABCDEFGHIJ'[place] * 5} Plastics"
        amount = 31000 + 777 * place
        bills.append(
            {"item_id": f"I{place}", "amount": f"{amount / 100:.2f}", "on": 0, "references": [f"SI-1{place}482"]}
        )
        bills[-1] |= {"counterparty_name": name}
        lines.append({"item_id": f"L{place}", "amount": f"{(amount - charge) / 100:.2f}", "on": 20})
        lines[-1] |= {"text": f"INV 1{place}482 {name.upper()[:14]}"}
    result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
    return len(members(result, "matched"))


def test_a_charge_that_others_bear_too_is_sure() -> None:
    assert _sure_of((600,) * 10) == 10


def test_as_many_different_differences_are_none() -> None:
    assert _sure_of((611, 1237, 893, 2211, 1719, 317, 1431, 957, 2099, 523)) == 0


def test_a_share_that_many_are_short_by_is_kept_back_of_bills_of_whomever() -> None:
    """A factor pays nine tenths of the bills of many customers that it names."""

    def sure(shares: tuple[int, ...]) -> int:
        bills, lines = [], []
        for place, share in enumerate(shares):
            amounts = (51234 + 777 * place, 23901 + 311 * place)
            for number, amount in enumerate(amounts):
                bill = {"item_id": f"I{place}{number}", "amount": f"{amount / 100:.2f}", "on": place}
                bills.append(
                    bill | {"references": [f"8800{place}{number}7"], "counterparty_name": f"Debtor {place}{number} X"}
                )
            paid = sum(amount * share // 100 for amount in amounts)
            line = {"item_id": f"L{place}", "amount": f"{paid / 100:.2f}", "on": place + 3}
            said = f"Ankauf 8800{place}07 8800{place}17"
            lines.append(line | {"text": said, "counterparty_name": "Rhein Factoring GmbH"})
        result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
        return len([each for each in members(result, "matched") if len(each) == 3])

    assert sure((90,) * 8) == 8
    assert sure((91, 83, 88, 95, 79, 86, 93, 81)) == 0


def test_more_than_a_tenth_that_nobody_else_lacks_is_a_claim_and_stays_open() -> None:
    def paid(*shorts: int) -> list[str]:
        bills, lines = [], []
        for place, short in enumerate(shorts):
            name = f"{('Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm')[place]} {('Yachts', 'Masonry', 'Fruit', 'Dental', 'Wire')[place]} Ltd"
            bill = {"item_id": f"I{place}", "amount": 200 + place, "references": [f"SI-1{place}48277"]}
            bills.append(bill | {"counterparty_name": name})
            said = {"text": f"SI-1{place}48277", "counterparty_name": name.upper(), "on": 20}
            lines.append(said | {"item_id": f"L{place}", "amount": 200 + place - short})
        result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
        assert len(members(result, "matched")) == len(shorts)
        return result.groups["difference_kind"].sort().to_list()

    assert paid(30, 0, 0, 0, 0) == ["none"] * 5
    assert paid(30, 30, 30, 30, 0) == ["fee"] * 4 + ["none"]
    assert paid(15, 0, 0, 0, 0) == ["fee"] + ["none"] * 4
