"""Structured payment references, verified by their check digits, many at once.

Sources: ISO 11649 (RF creditor reference), Swiss Implementation Guidelines QR-bill (QRR, modulo 10 recursive),
Febelfin's OGM/VCS (modulo 97), Finance Finland's viite (weights 7-3-1), Mastercard Payment Services' KID (modulo 10
or 11), Bankgirot's OCR (modulo 10). All these rules are blind to zeros in front, so that numbers of any length
become one matrix of digits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.folding import ascii_upper_series

_WIDTH = 27
_RECURSIVE = np.array([0, 9, 4, 6, 8, 2, 7, 1, 3, 5], dtype=np.int64)
_RF = r"\bRF[0-9]{2}(?: ?[A-Z0-9]{1,4}){1,6}\b"
_QRR = r"\b[0-9]{2} ?(?:[0-9]{5} ?){4}[0-9]{5}\b"
_OGM = r"[+*]{3} ?[0-9]{3} ?/ ?[0-9]{4} ?/ ?[0-9]{5} ?[+*]{3}|\b[0-9]{3}/[0-9]{4}/[0-9]{5}\b"

Bools = npt.NDArray[np.bool_]


def verified_kinds(references: pl.Series) -> pl.DataFrame:
    """Which kinds' form and check digits each reference satisfies.

    Gives the bool columns `SCOR`, `QRR`, `OGM`, `VIITE`, `KID`, `OCR`.

    A short number may satisfy several; the country of the account decides between them. Null satisfies none.
    """
    upper = ascii_upper_series(references.fill_null("")).str.replace_all(r"[^A-Z0-9-]+", "")
    length = upper.str.len_bytes().to_numpy()
    numeric = upper.str.contains("^[0-9]{2,27}$")
    digits = _digit_matrix(upper.set(~numeric, "0"))
    useful = numeric.to_numpy() & (digits.sum(axis=1) > 0)
    dashed = upper.str.contains("^[0-9]{1,24}-$")
    kid11 = _modulus11(_digit_matrix(upper.set(~(numeric | dashed), "00").str.replace("-$", "0")), dashed.to_numpy())
    luhn = useful & _luhn(digits)
    return pl.DataFrame(
        {
            "SCOR": _rf(upper),
            "QRR": useful & (length == 27) & _recursive(digits),
            "OGM": useful & (length == 12) & _modulus97(digits),
            "VIITE": useful & (length >= 4) & (length <= 20) & _weights731(digits),
            "KID": (luhn & (length <= 25)) | ((useful | dashed.to_numpy()) & (length <= 25) & kid11),
            "OCR": luhn & (length <= 25),
        }
    )


def self_identifying(references: pl.Series) -> pl.Series:
    """Whether a compact reference's form alone gives it away and its check digits hold: RF, QRR, OGM of 12 digits.

    One number in 97 of twelve digits is an OGM by chance; calling it one costs no more than its looser spellings.
    """
    candidates = references.str.contains("^(RF[0-9]{2}.+|[0-9]{27}|[0-9]{12})$").fill_null(False)
    result = np.zeros(len(references), dtype=np.bool_)
    if candidates.any():
        kinds = verified_kinds(references.filter(candidates))
        result[candidates.to_numpy()] = kinds.select(pl.any_horizontal("SCOR", "QRR", "OGM")).to_series().to_numpy()
    return pl.Series(references.name, result)


def structured_references(texts: pl.DataFrame, *, row: str = "row", text: str = "text") -> pl.DataFrame:
    """The RF, QRR and OGM references written in the texts whose check digits hold, also where printed in groups.

    Gives distinct (`row`, `reference` without separators, `kind` SCOR, QRR or OGM), sorted.
    """
    upper = texts.select(pl.col(row).alias("row"), pl.col(text).alias("text")).drop_nulls("text")
    upper = upper.with_columns(ascii_upper_series(upper["text"]))
    found = [pl.DataFrame(schema={"row": upper.schema["row"], "reference": pl.String, "kind": pl.String})]
    # a second RF reference begins where groups of the first would go on
    apart = pl.col("text").str.replace_all(r"\b(RF[0-9]{2})", "\n$1")
    for kind, pattern in (("SCOR", _RF), ("QRR", _QRR), ("OGM", _OGM)):
        told = upper.filter(pl.col("text").str.contains(pattern))
        if told.is_empty():
            continue
        spelled = apart if kind == "SCOR" else pl.col("text")
        hits = told.select("row", spelled.str.extract_all(pattern).alias("reference"))
        hits = hits.explode("reference", empty_as_null=False, keep_nulls=False)
        if kind == "SCOR":
            # groups after the reference look like more of it: try each shorter reading, the longest that verifies holds
            hits = _shorter_readings(hits)
        hits = hits.with_columns(pl.col("reference").str.replace_all("[^A-Z0-9]+", ""))
        hits = hits.filter(verified_kinds(hits["reference"])[kind])
        if kind == "SCOR":
            hits = hits.sort("row", "start", pl.col("reference").str.len_bytes(), descending=[False, False, True])
            hits = hits.unique(["row", "start"], keep="first", maintain_order=True)
        found.append(hits.select("row", "reference", pl.lit(kind).alias("kind")))
    return pl.concat(found).unique().sort("row", "reference", "kind").rename({"row": row})


def _shorter_readings(hits: pl.DataFrame) -> pl.DataFrame:
    words = hits.with_row_index("start").with_columns(pl.col("reference").str.split(" ").alias("word"))
    return (
        words.with_columns(pl.int_ranges(1, pl.col("word").list.len() + 1).alias("count"))
        .explode("count", empty_as_null=False, keep_nulls=False)
        .with_columns(pl.col("word").list.head(pl.col("count")).list.join("").alias("reference"))
        .drop("word", "count")
    )


def _digit_matrix(numbers: pl.Series) -> npt.NDArray[np.int64]:
    padded = numbers.str.pad_start(_WIDTH, "0")
    joined = "".join(padded.to_list()).encode("ascii")
    return (np.frombuffer(joined, dtype=np.uint8).reshape(-1, _WIDTH) - ord("0")).astype(np.int64)


def _luhn(digits: npt.NDArray[np.int64]) -> Bools:
    doubled = digits[:, -2::-2] * 2
    total = digits[:, ::-2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)
    return np.asarray(total % 10 == 0)


def _weights731(digits: npt.NDArray[np.int64]) -> Bools:
    weights = np.resize(np.array([7, 3, 1]), _WIDTH - 1)
    total = digits[:, -2::-1] @ weights
    return np.asarray((10 - total % 10) % 10 == digits[:, -1])


def _modulus11(digits: npt.NDArray[np.int64], dashed: Bools) -> Bools:
    weights = np.resize(np.arange(2, 8), _WIDTH - 1)
    check = (11 - (digits[:, -2::-1] @ weights) % 11) % 11
    body = digits[:, :-1].sum(axis=1) > 0
    return np.asarray(body & np.where(dashed, check == 10, check == digits[:, -1]))


def _recursive(digits: npt.NDArray[np.int64]) -> Bools:
    carry = np.zeros(len(digits), dtype=np.int64)
    for column in range(_WIDTH - 1):
        carry = _RECURSIVE[(carry + digits[:, column]) % 10]
    return np.asarray((10 - carry) % 10 == digits[:, -1])


def _modulus97(digits: npt.NDArray[np.int64]) -> Bools:
    body = digits[:, -12:-2] @ (10 ** np.arange(9, -1, -1, dtype=np.int64))
    remainder = body % 97
    check = digits[:, -2] * 10 + digits[:, -1]
    return np.asarray((body > 0) & (np.where(remainder == 0, 97, remainder) == check))


def _rf(upper: pl.Series) -> Bools:
    shaped = upper.str.contains("^RF[0-9]{2}[A-Z0-9]{1,21}$").to_numpy()
    result = np.zeros(len(upper), dtype=np.bool_)
    if not shaped.any():
        return result
    moved = upper.filter(pl.Series(shaped)).str.replace("^(RF[0-9]{2})(.+)$", "${2}${1}").str.pad_start(25, "0")
    characters = (
        np.frombuffer("".join(moved.to_list()).encode("ascii"), dtype=np.uint8).reshape(-1, 25).astype(np.int64)
    )
    remainder = np.zeros(len(characters), dtype=np.int64)
    for column in range(25):
        code = characters[:, column]
        letter = code >= ord("A")
        remainder = np.where(letter, remainder * 100 + code - 55, remainder * 10 + code - ord("0")) % 97
    result[shaped] = remainder == 1
    return result
