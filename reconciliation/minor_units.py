"""How many decimals a currency has, and the way between DECIMAL amounts and whole minor units.

Source: ISO 4217 list one. Currencies that are not listed here have two decimals. An own list: the readers' one lies in
another package, and reconciliation imports none.
"""

from __future__ import annotations

from decimal import Decimal

DECIMALS = (
    dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0)
    | dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0)
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)


def decimals(currency: str | None) -> int:
    """Decimals of the currency's minor unit (ISO 4217)."""
    return DECIMALS.get(currency or "", 2)


def show(amount: Decimal | None, currency: str | None) -> str:
    """An amount as a treasurer writes it: `1,234.50 EUR`; digits beyond the minor unit are shown, never rounded
    away.
    """
    if amount is None:
        return "an unknown amount"
    exact = amount.normalize()
    exponent = exact.as_tuple().exponent
    digits = max(decimals(currency), -exponent if isinstance(exponent, int) else 0)
    return f"{amount:,.{digits}f} {currency or ''}".rstrip()
