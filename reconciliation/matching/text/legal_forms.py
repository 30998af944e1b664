"""Legal forms of companies in many countries, as they end (or open) a name in ASCII capitals without dots."""

from __future__ import annotations

import unicodedata

# Grouped by where they are mostly met; a form listed once serves every country that uses it.
_TRAILING = """
    GMBH MBH AG KG KGAA OHG EK EKFM UG GBR EG EV SE PARTG PARTGMBB STIFTUNG HAFTUNGSBESCHRAENKT
    HAFTUNGSBESCHRANKT GESMBH GES LTD LIMITED PLC LLP LP LLC INC INCORPORATED CORP CORPORATION CO COMPANY
    PLLC PC PBC NA USA SA SARL SAS SASU EURL SCI SNC SCA SCOP SRL SPA SAPA SS SL SLU SLL SAU SC CV SAB LDA
    LTDA EIRELI ME EPP UNIP UNIPESSOAL BV NV VOF CVBA BVBA VZW ASBL SPRL CVOA STICHTING BVIO AB HB KB AS ASA
    ANS DA APS IS IVS OY OYJ KY TMI HF EHF SPZOO ZOO SPJ SPK SPOLKA SRO VOS KS DOO DD AD EOOD OOD KFT ZRT
    NYRT BT RT OU UAB SIA MB VSI AE EPE OE EE IKE OOO OAO ZAO PAO AO IP TOO STI TIC SAN TAS PTY PTE PVT BHD
    SDN KK GK YK JSC PJSC FZE FZC FZCO WLL DMCC HK PT TBK
"""
_SPACED = (
    *("S P A", "S A R L", "S R L", "S A S", "S A", "S L", "B V", "N V", "A G", "A S", "G M B H", "L L C", "L L P"),
    *("P L C", "SP Z O O", "SP Z OO", "S R O", "D O O", "E K", "E V", "K K", "S A DE C V", "SA DE CV", "S DE RL DE CV"),
    *("E KFM", "I L", "IN LIQUIDATION", "I G", "U S A"),
)
# long forms are met cut off in fields of 18, 27 or 35 characters
_CUT = (
    *("AKTIENGES", "GESELLSCH", "MIT BESCHR", "INCORPO", "CORPORATI", "LIMITE", "KOMMANDITG", "AKTIEBOLA", "AKTIESELS"),
    *("OSAKEYHT", "SOCIETE ANON", "SOCIEDAD ANON", "SOCIETA PER", "NAAMLOZE", "BESLOTEN VEN", "HAFTUNGSBES"),
    *("EINGETRAG", "ANPARTSS"),
)
_LEADING = ("OOO", "OAO", "ZAO", "PAO", "AO", "TOO", "PT", "FIRMA", "FA", "STICHTING", "STE", "UAB", "SIA", "SC")

#: Those of one word.
FORMS = tuple(sorted(set(_TRAILING.split())))
_forms = sorted({*_TRAILING.split(), *_SPACED}, key=lambda form: (-len(form), form))
_cut = "|".join(f"{form}[A-Z ]*" for form in _CUT)
TRAILING_PATTERN = rf"(?:\s+(?:UND|AND|ET|Y|E|OG|OCH|JA)?\s*(?:{'|'.join(_forms)}|{_cut}))+$"
LEADING_PATTERN = rf"^(?:(?:{'|'.join(_LEADING)})\s+)+"

# in East Asian letters, as they stand before or behind a name without a space; short ones in brackets
_EAST_ASIAN = (
    *(
        "株式会社",
        "有限会社",
        "合同会社",
        "合資会社",
        "合名会社",
        "相互会社",
        "股份有限公司",
        "股份公司",
        "有限责任公司",
        "有限責任公司",
    ),
    *(
        "有限公司",
        "주식회사",
        "유한회사",
        r"(?:医療|学校|宗教|社会福祉|一般社団|公益社団|社団|一般財団|公益財団|財団)法人(?:社団|財団)?",
    ),
    r"\((?:株|有|合|同|資|名|医|学|宗|福|社|財|주|유)\)",
)
EAST_ASIAN_PATTERN = unicodedata.normalize("NFKD", "|".join(_EAST_ASIAN))
