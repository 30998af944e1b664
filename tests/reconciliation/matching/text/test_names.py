"""Counterparty names: one company in many spellings, and two companies that look alike."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.text import labelled_name, name_key, name_similarity, named_in, receiver_name


def key(name: str) -> str | None:
    return name_key(pl.Series([name]))[0]


def alike(left: str, right: str) -> float:
    return float(name_similarity(name_key(pl.Series([left])), name_key(pl.Series([right])))[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller GmbH & Co. KG", "MUELLER"),
        ("Müller GmbH", "Muller AG"),
        ("Weiß Straßenbau e.K.", "WEISS STRASSENBAU"),
        ("ООО Газпром", "Gazprom"),
        ("Ιόνιος Α.Ε.", "IONIOS"),
        ("Société d'Énergie S.A.R.L.", "SOCIETE DENERGIE"),
        ("Bäcker S.p.A.", "BACKER"),
        ("Łódź Handel Sp. z o.o.", "LODZ HANDEL"),
        ("Nordic Fisk A/S", "NORDIC FISK"),
        ("Smith & Sons, L.L.C.", "SMITH SONS"),
        ("Siemens Aktiengesellsch", "SIEMENS AG"),
        ("PT Maju Jaya Tbk", "MAJU JAYA"),
        ("株式会社ヤマダショウジ", "ｶ)ﾔﾏﾀﾞｼﾖｳｼﾞ"),
        ("タナカデンキ", "ﾀﾅｶﾃﾞﾝｷ(ｶ"),
        ("やまだサーバー", "ﾔﾏﾀﾞｻｰﾊﾞｰ"),
        ("カブシキガイシャヤマダショウジ", "ｶ)ﾔﾏﾀﾞｼﾖｳｼﾞ"),
        ("ヤマダショウジ　かぶしきかいしゃ", "ﾔﾏﾀﾞｼﾖｳｼﾞ(ｶ"),
        ("ユウゲンガイシャ ヤマダ", "（有）ヤマダ"),
        ("ゴウドウガイシャヤマダ", "ﾄﾞ)ﾔﾏﾀﾞ"),
        ("イリョウホウジンシャダンヤマダカイ", "ｲ)ﾔﾏﾀﾞｶｲ"),
        ("イッパンシャダンホウジンヤマダ", "ｼﾔ)ﾔﾏﾀﾞ"),
        ("㈱ヤマダ", "ﾔﾏﾀﾞ(ｶ)"),
        ("東京ガス株式会社", "㈱東京ガス"),
        ("北京Tech股份有限公司", "北京TECH"),
        ("주식회사 LG전자", "LG전자(주)"),
    ],
)
def test_one_key_for_the_spellings_of_a_name(one: str, other: str) -> None:
    assert key(one) == key(other)


def test_a_kana_legal_form_within_a_name_belongs_to_it() -> None:
    assert key("ニホンイリョウホウジンキョウカイ") == "NIHONIRIYOUHOUJINKIYOUKAI"


def test_a_name_of_nothing_but_a_kana_legal_form_is_no_key() -> None:
    assert key("カブシキガイシャ") is None


@pytest.mark.parametrize(("one", "other"), [("東京ガス", "大阪ガス"), ("서울ABC", "부산ABC"), ("北京Tech", "上海Tech")])
def test_what_has_no_latin_letters_still_tells_names_apart(one: str, other: str) -> None:
    assert alike(one, other) < 0.72


def test_a_name_without_any_latin_letter_is_compared_letter_for_letter_only() -> None:
    """It has no one reading, and one letter makes another company of it."""
    assert key("山田商事株式会社") == key("㈱山田商事") == "山田商事"
    assert key("山田") is None
    pairs = [("山田商事", "山田商事", 1.0), ("山田商事", "山口商事", None), ("山田商事", "YAMADA SHOJI", None)]
    pairs += [("宁波瑞贸易", "转账支出 宁波瑞贸易", 0.95), ("宁波瑞贸易", "新宁波瑞贸易", None)]
    left, right, wanted = (list(each) for each in zip(*pairs, strict=True))
    assert name_similarity(pl.Series(left), pl.Series(right)).to_list() == wanted


def test_the_words_of_a_bank_beside_a_name_are_words_of_their_own() -> None:
    assert key("振込ﾔﾏﾀﾞ") == key("振込 ﾔﾏﾀﾞ") == "振込 YAMADA"


def test_what_is_only_a_legal_form_keeps_its_words() -> None:
    assert key("GmbH") == "GMBH"


def test_no_name_is_no_key() -> None:
    assert name_key(pl.Series(["", None, "  "])).to_list() == [None, None, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("International Business Machines", "INTERNATIONAL BUSIN"),  # a field of 19 characters
        ("Amazon Marketplace", "AMZN MKTP"),
        ("Johnson Plumbing Services", "JOHNSON PLMBNG SVCS"),
        ("Peter van der Berg", "VAN DER BERG, PETER"),
        ("Hofmann Elektrotechnik", "HOFFMANN ELEKTROTECHNIK"),
        ("Blue Bottle Coffee", "BLUE BOTLTE COFFEE"),
        ("John Smith", "J SMITH"),
        ("John Smith", "SMITH J"),
        ("John Smith", "STANDING ORDER J SMITH RENT"),
        ("St Johns Primary School", "ST JOHNS PRIMARY S"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert alike(one, other) >= 0.8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Meier Bau", "Schulze Elektro"),
        ("Acme Tools", "Zenith Foods"),
        ("Delta Air", "Gamma Rail"),
        ("AB", "ABACUS LOGISTICS"),
    ],
)
def test_strangers(one: str, other: str) -> None:
    assert alike(one, other) < 0.5


def test_another_initial_is_another_person_of_the_family() -> None:
    assert alike("John Smith", "K SMITH") < 0.72 < alike("John Smith", "J SMITH")
    assert alike("John Smith", "STANDING ORDER K SMITH RENT") < 0.72


def test_symmetric_and_blind_to_row_order() -> None:
    left = name_key(pl.Series(["Meier Bau", "Amazon Marketplace", None, "Hofmann Elektro"]))
    right = name_key(pl.Series(["Maier Bau", "AMZN MKTP", "X", "Elektro Hoffmann"]))
    forward = name_similarity(left, right)
    assert forward.to_list() == name_similarity(right, left).to_list()
    assert forward.reverse().to_list() == name_similarity(left.reverse(), right.reverse()).to_list()
    assert forward[2] is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ORIG CO NAME:THAMES LEASING LL CO ENTRY DESCR:VENDOR PMT SEC:CCD TRACE#:0001 IND ID:X", "THAMES LEASING LL"),
        ("WIRE TYPE:WIRE TRN:0004 BNF:CARTER GLASS LLC OBI:INV 7", "CARTER GLASS LLC"),
        ("/TRTP/SEPA OVERBOEKING/IBAN/NL85/NAME/SMIT & KAISER N.V./REMI/RE-1", "SMIT & KAISER N.V."),
        ("EREF+NOTPROVIDED SVWZ+Miete ABWA+Otto Meier GmbH", "Otto Meier GmbH"),
        ("rename: 12/2026", None),
        (None, None),
    ],
)
def test_a_name_behind_a_label_is_the_counterparty(text: str | None, name: str | None) -> None:
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    assert frame.select(labelled_name("text"))["text"].to_list() == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ORIG CO NAME:OURS INC SEC:CCD IND ID:V1 IND NAME:RIVERSIDE BUILDING SUP", "RIVERSIDE BUILDING SUP"),
        ("OURS INC DES:VENDOR PAY ID:4711 INDN:LONE ROOFING PARTNERS CO ID:9123 CCD", "LONE ROOFING PARTNERS"),
        ("ORIG CO NAME:THAMES LEASING LL SEC:CCD TRACE#:0001 IND ID:X", None),
    ],
)
def test_an_entry_names_its_receiver_beside_its_originator(text: str, name: str | None) -> None:
    assert pl.DataFrame({"text": [text]}).select(receiver_name("text"))["text"].to_list() == [name]


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("Girard Logistik S.A.", "payment of AR-00011886 GIRARD LOGISTIK", True),
        ("Girard Logistik S.A.", "payment of AR-00011886 GIRRD LOGISTIK", True),  # a letter is missing
        ("Nowak Verpackung SAS", "NOWK VERPACKUNG", True),  # and the text is shorter than the name
        ("Hansa & Fuji Tools S.A.", "AR-91617 HASNA & FUJI TOOLS", True),  # two have changed places
        ("Yamato & Atlas Facility", "RNRAR-000026792 YAMTO & ATLAS FACIL", True),  # cut at the end, too
        ("Polaris Logistik", "GIRRD LOGISTIK", False),
        ("Vertex Supplies", "VEREX SUPLIES", False),  # two letters are more than a slip
        ("Weber", "WEBR", False),  # so few letters say little
    ],
)
def test_a_name_is_shown_by_a_text_with_one_slip(name: str, text: str, shown: bool) -> None:
    names, texts = (name_key(pl.Series([each])).str.replace_all(" ", "") for each in (name, text))
    assert named_in(names.str.slice(0, 16), texts).to_list() == [shown]


def test_a_name_is_shown_nowhere_where_either_is_missing() -> None:
    names = pl.Series([None, "GIRARDLOGISTIK"], dtype=pl.String)
    assert named_in(names, pl.Series(["GIRARDLOGISTIK", None], dtype=pl.String)).to_list() == [False, False]
