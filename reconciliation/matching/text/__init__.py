"""Text as evidence: identifiers found in free text, structured references verified, counterparty names compared.

Everything here is vectorised over frames or works on distinct values; nothing here decides a match.
"""

from reconciliation.matching.text.check_digits import structured_references, verified_kinds
from reconciliation.matching.text.folding import ascii_upper, canonical_identifier, compact
from reconciliation.matching.text.identifier_words import identifier_words
from reconciliation.matching.text.identifiers import Variant, identifier_keys
from reconciliation.matching.text.labelled_names import labelled_name, receiver_name
from reconciliation.matching.text.lookup import find_identifiers
from reconciliation.matching.text.names import name_key, name_similarity, named_in
from reconciliation.matching.text.tokens import text_tokens

__all__ = [
    "Variant",
    "ascii_upper",
    "canonical_identifier",
    "compact",
    "find_identifiers",
    "identifier_keys",
    "identifier_words",
    "labelled_name",
    "name_key",
    "name_similarity",
    "named_in",
    "receiver_name",
    "structured_references",
    "text_tokens",
    "verified_kinds",
]
