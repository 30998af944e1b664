"""Kana, the script in which Japanese banks write names, in Latin letters.

Banks' files have half-width kana without small letters (`ｼﾖｳｼﾞ`), ledgers full-width kana or hiragana (`ショウジ`): small
letters count as large ones, and the mark that lengthens a vowel is left out. Kanji have no one reading and stay.
"""

from __future__ import annotations

import polars as pl

_SOUNDS = (
    "アA イI ウU エE オO カKA キKI クKU ケKE コKO サSA シSHI スSU セSE ソSO タTA チCHI ツTSU テTE トTO ナNA ニNI ヌNU ネNE ノNO "
    "ハHA ヒHI フFU ヘHE ホHO マMA ミMI ムMU メME モMO ヤYA ユYU ヨYO ラRA リRI ルRU レRE ロRO ワWA ヲO ンN "
    "ガGA ギGI グGU ゲGE ゴGO ザZA ジJI ズZU ゼZE ゾZO ダDA ヂJI ヅZU デDE ドDO バBA ビBI ブBU ベBE ボBO "
    "パPA ピPI プPU ペPE ポPO ヴVU ァA ィI ゥU ェE ォO ャYA ュYU ョYO ッTSU ー"
)
_KATAKANA = {sound[0]: sound[1:] for sound in _SOUNDS.split(" ")}
_HIRAGANA = {chr(ord(letter) - 0x60): latin for letter, latin in _KATAKANA.items() if letter != "ー"}
_KANA = _KATAKANA | _HIRAGANA
# what kind of company it is, before or behind the name: as banks abbreviate it in transfers, and in full
_ABBREVIATIONS = (
    "カ カブ ユ シ メ ド ソ ト イ ガク シユウ フク ザイ シヤ ホゴ トクヒ ドク チドク チユウ ベン ゼイ ギヨ シホウ ロウム ダイ "
    "ノウ カンリ"
)
_COMPANIES = "カブシキ ユウゲン ゴウシ ゴウメイ ゴウドウ ソウゴ"
_CORPORATIONS = (
    "シャカイイリョウ イリョウ ガッコウ シュウキョウ シャカイフクシ イッパンシャダン コウエキシャダン シャダン イッパンザイダン "
    "コウエキザイダン ザイダン コウセイホゴ トクテイヒエイリカツドウ ドクリツギョウセイ チホウドクリツギョウセイ ベンゴシ ゼイリシ "
    "ギョウセイショシ シホウショシ シャカイホケンロウムシ コクリツダイガク コウリツダイガク ノウジクミアイ カンリクミアイ"
)
_SHORT = _ABBREVIATIONS.replace(" ", "|")
_SHORT_FORM = rf"(?:^|[\s　])(?:{_SHORT})\)|\((?:{_SHORT})(?:\)|\s|$)"
# in Latin letters, in which small and large letters, katakana and hiragana are the same
_SPELLED = {ord(letter): latin for letter, latin in _KANA.items()} | {ord(" "): "|"}
_FULL = (
    f"(?:{_COMPANIES.translate(_SPELLED)})[KG]AISHIYA|(?:{_CORPORATIONS.translate(_SPELLED)})HOUJIN(?:SHIYADAN|ZAIDAN)?"
)
_FULL_FORM = rf"(?:^|[^A-Z])(?:{_FULL})|(?:{_FULL})(?:[^A-Z]|$)"
# half-width letters are a bank's name, kanji beside them its own words
_KANJI_BEFORE, _KANJI_BEHIND = r"(\p{Han})([\x{ff66}-\x{ff9f}])", r"([\x{ff66}-\x{ff9f}])(\p{Han})"
_ANY = r"[\x{3040}-\x{30ff}\x{ff66}-\x{ff9f}]"


def latin_kana(names: pl.Series) -> pl.Series:
    """Names with their kana in Latin capitals, without the legal form; those without kana as they are."""
    shown = names.str.contains(_ANY)
    if not shown.any():
        return names
    apart = pl.col(names.name).str.replace_all(_KANJI_BEFORE, "$1 $2").str.replace_all(_KANJI_BEHIND, "$1 $2")
    wide = apart.str.normalize("NFKC")
    latin = wide.str.replace_all(_SHORT_FORM, " ").str.replace_many(list(_KANA), list(_KANA.values()))
    bare = latin.str.replace_all(_FULL_FORM, " ")
    return names.to_frame().select(pl.when(shown).then(bare).otherwise(pl.col(names.name)))[names.name]
