"""Archived deliveries through their reader, in the order they came; several at once where that pays.

A reader works in Python, one file on one core. Where a source has much to read, each file goes to a process of its own and
its batches come back as Arrow; what is little is read here, because a process costs more than a small file.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa

from ingestion.file_recognition import refused_as
from ingestion.readers import reader as reader_of
from ingestion.readers.sniffing import HEAD_BYTES
from ingestion.reading import FileFacts, FileRejected, Reader, Records, Reject
from ingestion.sources import SourceConfig
from orchestration.landing import LandedFile

PAYS_FROM_BYTES = 32 << 20
AHEAD = 1  # files read beyond those that are waited for: bounds memory, keeps each process busy


@dataclass
class Parsed:
    """A delivery as its reader gave it."""

    file: LandedFile
    archived: Path
    batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    facts: FileFacts | None = None
    failure: FileRejected | None = None

    @property
    def rows(self) -> int:
        """Records read, rejects not counted."""
        return sum(batch.num_rows for batches in self.batches.values() for batch in batches)


def parse(file: LandedFile, archived: Path, source: SourceConfig, reader: Reader) -> Parsed:
    """Read one archived delivery; what the reader refuses as a whole is kept as `failure`."""
    if file.refusal is not None:
        return Parsed(file, archived, failure=file.refusal)
    parsed = Parsed(file, archived)
    try:
        with archived.open("rb") as stream:
            for event in reader.read(stream, source):
                if isinstance(event, Records):
                    parsed.batches.setdefault(event.kind, []).append(event.batch)
                elif isinstance(event, Reject):
                    parsed.rejects.append(event)
                else:
                    parsed.facts = event
    except FileRejected as failure:
        with archived.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        return Parsed(file, archived, failure=refused_as(head, source.format) or failure)
    return parsed


def parse_all(
    files: Sequence[LandedFile],
    archived: Iterable[Path],
    source: SourceConfig,
    reader: Reader,
    workers: int | None = None,
) -> Iterator[Parsed]:
    """Each file with its copy in the archive, read, in the order given.

    `workers` is the number of processes; by default as many as cores where the files are large together, else none.
    """
    if workers is None:
        pays = len(files) > 1 and sum(file.size for file in files) >= PAYS_FROM_BYTES
        workers = min(os.cpu_count() or 1, len(files)) if pays else 0
    deliveries = zip(files, archived, strict=True)
    if workers < 2:
        for file, path in deliveries:
            yield parse(file, path, source, reader)
        return
    spawned = multiprocessing.get_context("spawn")  # a fork would copy locks that Arrow and DuckDB hold
    with ProcessPoolExecutor(workers, mp_context=spawned) as pool:
        under_way: deque[Future[Parsed]] = deque()
        try:
            while True:
                room = workers + AHEAD - len(under_way)
                under_way.extend(pool.submit(_parse_here, *delivery, source) for delivery in islice(deliveries, room))
                if not under_way:
                    return
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _parse_here(file: LandedFile, archived: Path, source: SourceConfig) -> Parsed:
    """`parse` in a process that has only the source's config."""
    return parse(file, archived, source, reader_of(source.format))
