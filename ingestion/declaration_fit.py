"""Which declaration a file is for, told from its column names alone.

A line is the header of a declaration when every contract column that must come from the file can come from it. Of
several declarations that fit, the one that reads most of the file's columns is meant; two that read equally many are
never guessed between.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.contracts import CONTRACTS
from ingestion.declaration import FileDeclaration, Mapping_
from ingestion.readers.text_table import same_name, unique_names
from ingestion.reading import FileRejected


def missing_columns(declaration: FileDeclaration, cells: Sequence[str]) -> tuple[str, ...]:
    """The columns a declaration needs and a line does not have; of alternatives, all of them joined by ` or `."""
    present = names_of(cells)
    if declaration.header:
        return tuple(name for name in declaration.header if same_name(name) not in present)
    needed = [alternatives for part in _own_parts(declaration) for alternatives in _needed(part, declaration)]
    for name in (*declaration.continuation, *(skip.column for skip in declaration.skip)):
        needed.append((name,))
    if declaration.unpivot is not None:
        made = (declaration.unpivot.names_to, declaration.unpivot.values_to)
        needed = [(name,) for name in declaration.unpivot.keep] + [one for one in needed if not set(one) & set(made)]
    lacking = (one for one in needed if not any(same_name(name) in present for name in one))
    return tuple(dict.fromkeys(" or ".join(one) for one in lacking))


def is_header(declaration: FileDeclaration, cells: Sequence[str]) -> bool:
    """Whether a line names every column the declaration needs, and names at least one."""
    if declaration.header and len(cells) < len(declaration.header):  # most lines, under most delimiters
        return False
    return not missing_columns(declaration, cells) and read_columns(declaration, cells) > 0


def read_columns(declaration: FileDeclaration, cells: Sequence[str]) -> int:
    """How many of a line's columns the declaration reads."""
    return len(read_names(declaration) & names_of(cells))


def read_names(declaration: FileDeclaration) -> frozenset[str]:
    """The names, as they are compared, of the columns a declaration reads."""
    read = {same_name(s) for part in declaration.parts for column in part.columns.values() for s in column.sources}
    read |= {same_name(name) for part in declaration.parts for name in part.where}
    read |= {same_name(name) for name in (*(declaration.header or ()), *declaration.hints)}
    read |= {same_name(name) for name in (declaration.unpivot.keep if declaration.unpivot else ())}
    return frozenset(read)


def names_of(cells: Sequence[str]) -> frozenset[str]:
    """The column names a line gives, as they are compared."""
    return frozenset(same_name(name) for name in unique_names(list(cells)))


def best_fit(fitting: Sequence[tuple[FileDeclaration, int]], names: Sequence[str]) -> int:
    """The position of the declaration that reads most columns; raises `FileRejected` where two read equally many.

    `fitting` holds each declaration with the number of columns it reads, in order of preference; a declaration that is
    there twice (under two delimiters) is not its own rival.
    """
    top = max(count for _, count in fitting)
    best = [position for position, (_, count) in enumerate(fitting) if count == top]
    rivals = {id(fitting[position][0]) for position in best}
    if len(rivals) > 1:
        kinds = " or ".join(sorted({fitting[position][0].title for position in best}))
        raise FileRejected(
            "the file could be of several kinds",
            place="header",
            found=", ".join(names)[:500],
            expected=f"columns that tell {kinds} apart",
            advice="say what the file holds: options: {object: ...} of the source in config/sources.yml",
        )
    return best[0]


def _own_parts(declaration: FileDeclaration) -> tuple[Mapping_, ...]:
    """The mappings that must fit: those of nested lists may find no list in a whole file."""
    own = tuple(part for part in declaration.parts if part.each is None)
    return own or declaration.parts


def _needed(part: Mapping_, declaration: FileDeclaration) -> list[tuple[str, ...]]:
    """Alternatives, one of which the file must have, for each column that must come from it."""
    required = CONTRACTS[part.kind].required
    needed: list[tuple[str, ...]] = []
    for name, column in part.columns.items():
        if column.optional:
            continue
        if column.first_of:
            if name in required:
                needed.append(column.first_of)
        else:
            needed += [(source,) for source in column.sources]
    return needed + [(name,) for name in part.where]
