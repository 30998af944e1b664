"""The declarations that are shipped: `declarations/<format>.<object>.yml`, one file for each kind of extract of a
system.

A source of such a format may change single keys of them in its own `declaration:` block: blocks of names (columns,
constants, preamble, where, numbers) are merged name by name, any other key replaces the shipped one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from ingestion.declaration import DeclarationError, FileDeclaration, parse_declaration

FOLDER = Path(__file__).parent / "declarations"
MERGED_KEYS = ("columns", "constants", "preamble", "where", "numbers")
SHIPPED_FORMATS = tuple(sorted({path.name.split(".")[0] for path in FOLDER.glob("*.yml")}))


@cache
def shipped(format: str) -> dict[str, dict[str, object]]:
    """The blocks shipped for a format by object (`suppliers`, `payables`, ...), in order of name; empty where none
    are."""
    blocks: dict[str, dict[str, object]] = {}
    for path in sorted(FOLDER.glob(f"{format}.*yml")):
        parts = path.name.split(".")
        blocks[parts[1] if len(parts) == 3 else format] = yaml.safe_load(path.read_text("utf-8"))
    return blocks


def choices(format: str, own: Mapping[str, object], name: str = "") -> tuple[FileDeclaration, ...]:
    """The declarations a file of this format may be read by: the source's own, or the shipped ones changed by it.

    `name` (option `object` of a source) narrows the shipped ones to one. Raises `DeclarationError` where the block is
    wrong, missing, or the object is not known.
    """
    blocks = shipped(format)
    if not blocks:
        if not own:
            raise DeclarationError(
                f"a source of format {format} needs a `declaration:` block; `tieout source infer FILE` proposes one"
            )
        return (parse_declaration(own),)
    if name and name not in blocks:
        raise DeclarationError(f"options.object: {name!r} is not one of {', '.join(blocks)} (format {format})")
    if "mappings" in own or "kind" in own:  # a whole declaration of the source's own
        return (parse_declaration(own),)
    chosen = [name] if name else list(blocks)
    return tuple(_declaration(format, one, _key(own)) for one in chosen)


def _key(own: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(own), sort_keys=True) if own else ""


@cache
def _declaration(format: str, kind: str, own: str) -> FileDeclaration:
    block: dict[str, object] = {"title": f"{format}.{kind}", **shipped(format)[kind]}
    for name, value in (yaml.safe_load(own) if own else {}).items():
        before = block.get(name)
        merged = name in MERGED_KEYS and isinstance(before, dict) and isinstance(value, dict)
        block[name] = {**before, **value} if merged else value  # type: ignore[dict-item]
    return parse_declaration(block, f"declaration ({format}.{kind})")
