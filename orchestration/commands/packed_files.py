"""Files as a person names them, with what archives among them hold: each member for itself, in a folder that goes when it was shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from ingestion.archives import WITHIN, is_packed, labelled, members, nested, packed_as, takes_members
from ingestion.reading import FileRejected

if TYPE_CHECKING:
    from ingestion.sources import SourceConfig

Takes = Callable[[BinaryIO], bool]
"""Whether an archive's members are files of their own."""


@dataclass(frozen=True)
class Piece:
    """A file, or a member of an archive: where its bytes lie, what it is called, and why it is not to be read."""

    path: Path
    label: str
    refusal: FileRejected | None = None


def beside(piece: Piece) -> Path:
    """A path for what is made of a file: its own, for a member one beside its archive."""
    archive, mark, member = piece.label.partition(WITHIN)
    if not mark or piece.label == str(piece.path):
        return piece.path
    return Path(archive + mark + member.replace("/", "_").replace("\\", "_"))


def told_by(source: SourceConfig | None, format: str | None) -> Takes:
    """By the source that reads the files; without one an archive that is the extract of a known system is read whole."""

    def takes(stream: BinaryIO) -> bool:
        if source is not None:
            return takes_members(source, stream.read(4))
        if packed_as(stream.read(4)) == "gzip":
            return True
        from ingestion.declaration_recognition import recognise

        shipped = recognise(stream)
        return shipped is None or (format is not None and format != shipped[0])

    return takes


@contextmanager
def pieces(files: Iterable[Path], takes: Takes) -> Iterator[list[Piece]]:
    """The files in their order, an archive replaced by what it holds."""
    with TemporaryDirectory(prefix="tieout-") as folder:
        yield [piece for number, file in enumerate(files) for piece in _pieces(file, Path(folder) / str(number), takes)]


def _pieces(file: Path, folder: Path, takes: Takes) -> Iterator[Piece]:
    held: list[Piece] = []
    try:
        with file.open("rb") as stream:
            if not is_packed(stream) or not takes(stream):
                yield Piece(file, str(file))
                return
            stream.seek(0)
            folder.mkdir()
            for place, member in enumerate(members(stream)):
                path = folder / f"{place}{Path(labelled(file.name, member.name)).suffix[:20]}"
                with path.open("wb") as target:
                    target.writelines(member.chunks)
                with path.open("rb") as packed:
                    held.append(Piece(path, labelled(str(file), member.name), nested(packed)))
    except FileRejected as failure:
        yield Piece(file, str(file), failure)
        return
    except OSError:  # what reads the file says what is wrong with it
        yield Piece(file, str(file))
        return
    yield from held
