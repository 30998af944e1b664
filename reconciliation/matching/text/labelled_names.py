"""The other party's name where a bank prints it inside its text, behind a label.

Layouts: NACHA entries as US banks print them (`ORIG CO NAME:`, `IND NAME:`), wire narratives (`BNF:`, `ORG:`), the SWIFT field 86
subfields of Dutch and Belgian banks (`/NAME/`), the German structured form (`ABWA+`).
"""

from __future__ import annotations

import polars as pl

_LABEL = r"(?:ORIG CO NAME:|/NAME/|\b(?:BNF|BENEF|BENEFICIARY|ORG|ORIGINATOR|PAYEE|PAYER):|\bABWA\+)"
_NEXT = (
    r"(?:$|/|\s(?:ORIG ID|DESC DATE|CO ENTRY|SEC|TRACE|EED|IND|ID|TRN|OBI|BBI|RFB|REF|DATE|TIME|BNF|ORG|BBK|OGB)\b"
    r"|\s[A-Z]{4}\+)"
)
_RECEIVER = r"(?i)\b(?:IND(?:IVIDUAL)? NAME|INDN):\s*([^/:]{3,35}?)\s*(?:$|/|\s(?:TRN|CO ID|TRACE|ADDENDA|IND ID|ID|RMR|PMT INFO)\b)"
_NAME = rf"(?i){_LABEL}\s*([^/:]{{3,70}}?)\s*{_NEXT}"


def labelled_name(text: str) -> pl.Expr:
    """The name behind the first such label in the text column; null where there is none."""
    return pl.col(text).str.extract(_NAME, 1)


def receiver_name(text: str) -> pl.Expr:
    """The receiver's name of a NACHA entry, which has the originator's beside it; null where there is none."""
    return pl.col(text).str.extract(_RECEIVER, 1)
