"""Numbers with check digits (RF, Belgian, viitenumero, OCR) name their bill whoever pays it: a slip of the keys would be seen."""

from __future__ import annotations

from example_items import ids, items, members

from reconciliation.matching import MatchResult, match, preset

_PRICES = (20, 50, 90)


def _viite(number: int) -> str:
    weighted = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(str(number))))
    return f"{number}{-weighted % 10}"


def _rf(number: str) -> str:
    return f"RF{98 - int(f'{number}271500') % 97:02d}{number}"


def _bills(number: str, count: int = 60) -> list[dict[str, object]]:
    written = {"viite": _viite, "rf": lambda n: _rf(str(n)), "plain": lambda n: str(n * 10 + n % 7)}[number]
    return [
        {
            "item_id": f"I{place:02d}",
            "amount": _PRICES[place % 3],
            "on": place % 30,
            "due_date": None,
            "references": [written(26010000 + 7 * place)],
            "counterparty_name": f"Customer {'ABCDEFGHIJ'[place % 10] * 6} Stores",
        }
        for place in range(count)
    ]


def _paid_by_strangers(bills: list[dict[str, object]]) -> MatchResult:
    """Every bill is paid, every tenth by somebody nobody knows."""
    lines = [
        {
            "item_id": f"L{bill['item_id']}",
            "amount": bill["amount"],
            "on": 40,
            "text": "".join(str(each) for each in bill["references"]),  # type: ignore[attr-defined]
            "counterparty_name": f"Stranger {place} Q" if place % 10 == 3 else bill["counterparty_name"],
        }
        for place, bill in enumerate(bills)
    ]
    return match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))


def test_who_shows_a_number_with_check_digits_pays_its_bill_whoever_he_is() -> None:
    for number, count in (("viite", 60), ("rf", 60), ("viite", 600)):
        bills = _bills(number, count)
        assert len(members(_paid_by_strangers(bills), "matched")) == len(bills), number


def test_a_number_without_check_digits_may_be_mistyped_at_prices_that_many_have() -> None:
    bills = _bills("plain")
    left_open = [each for each in bills if int(str(each["item_id"])[1:]) % 10 == 3]
    assert len(members(_paid_by_strangers(bills), "matched")) == len(bills) - len(left_open)


def test_a_bill_paid_twice_by_its_belgian_number_settles_no_other_of_the_price() -> None:
    def bill(name: str, on: int, number: str) -> dict[str, object]:
        said = {"references": [number], "counterparty_name": "Devries Plastics", "due_date": None}
        return {"item_id": name, "amount": 250, "on": on} | said

    first, second = bill("I1", 0, "+++090/9337/55493+++"), bill("I2", 12, "RF18539007547034")
    line = {"amount": 250, "counterparty_name": "Devries Plastics", "text": "***090/9337/55493***"}
    lines = items(line | {"item_id": "L1", "on": 10}, line | {"item_id": "L2", "on": 16})
    result = match({"bank_lines": lines, "open_items": items(first, second)}, preset("receivables"))
    assert members(result, "matched") == ids("L1", "I1")
