"""ISO 4217: the currency codes and how many decimals each has.

Source: ISO 4217 list one (SIX Interbank Clearing), and list three for the codes replaced since 1999, which old bank files
still carry (DEM and the other currencies the euro replaced).
"""

from __future__ import annotations

_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY "
    "COP CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN "
    "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL "
    "ATS BEF CYP DEM EEK ESP FIM FRF GRD IEP ITL LTL LUF LVL MTL NLG PTE ROL SIT SKK TRL"
)
_DECIMALS = dict.fromkeys(_TWO.split(), 2)
_DECIMALS.update(
    dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    )
)
_DECIMALS.update(dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3))
_DECIMALS.update(dict.fromkeys(["CLF", "UYW"], 4))

CURRENCIES = frozenset(_DECIMALS)


def minor_units(currency: str) -> int:
    """How many decimals the currency has; raises `KeyError` where ISO 4217 does not know it."""
    return _DECIMALS[currency]


CURRENCY_SIGNS = {
    "€": "EUR", "£": "GBP", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "₹": "INR", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "₴": "UAH",
    "₺": "TRY",
    "TL": "TRY", "₪": "ILS", "₩": "KRW", "원": "KRW", "円": "JPY", "฿": "THB", "₫": "VND", "лв": "BGN", "лв.": "BGN", "Fr.": "CHF",
    "SFr.": "CHF", "R$": "BRL", "US$": "USD", "CA$": "CAD", "A$": "AUD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD", "NT$": "TWD",
    "Rp": "IDR", "RM": "MYR", "$": "", "kr": "", "¥": "", "￥": "", "元": "", "Rs": "", "Rs.": "",
}  # fmt: skip
"""Signs that stand for a currency beside an amount -> its code; empty where several have the sign."""
