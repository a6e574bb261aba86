"""The log as a file of its own: each line carries seq, prev, hash and body, so that anybody can check it.

Three formats, all UTF-8: csv with a head line, jsonl with an object a line, json with a list of these.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import mkstemp
from typing import Any, NamedTuple, TextIO

from coupons.encodings import MARK_BYTES, encoding_of
from storage.audit import GENESIS
from storage.errors import ExportRefused

FIELDS = ("seq", "prev", "hash", "body")

_LAST = "select seq, prev, hash, body from event where seq >= :first order by seq desc limit 1"
#: How an export begins, when its name does not say what it is.
_STARTS = (",".join(FIELDS), '{"seq"')
#: csv refuses longer cells unless told; a body is never near it.
_LONGEST_BODY = 16 * 1024 * 1024


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


class StoredEvent(NamedTuple):
    """One event as it is stored. `body` is the exact text that was hashed; hashes are lower-case hex."""

    seq: int
    prev: str
    hash: str
    body: str


def last_row(database: Any, *, first: int) -> StoredEvent | None:
    """The newest event, when it is `first` or comes after it."""
    row = database.execute(_LAST, {"first": first}).fetchone()
    return StoredEvent(*row) if row else None


def write(rows_: Iterator[StoredEvent], stream: TextIO, kind: Format) -> StoredEvent | None:
    """Write them all, and return the last; None when there was none.

    A cell of csv begins with a digit, a letter or a brace, so none can become a spreadsheet's formula. It is
    written as it was hashed, for whoever checks it alone; what a spreadsheet ruins of it, `read` knows.
    """
    last = None
    if kind is Format.CSV:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(FIELDS)
        for last in rows_:
            writer.writerow(last)
        return last
    before, between, after = ("[\n", ",\n", "\n]\n") if kind is Format.JSON else ("", "\n", "\n")
    stream.write(before)
    for number, last in enumerate(rows_):
        stream.write((between if number else "") + json.dumps(last._asdict(), ensure_ascii=False))
    stream.write(after if last is not None or kind is Format.JSON else "")
    return last


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A file that is there whole or not at all. Raises ExportRefused when it exists or cannot be made."""
    try:
        if path.exists():
            raise ExportRefused(f"{path} is there already; name another file, or remove it first")
        number, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
        made = Path(name)
        with open(number, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123 - it is open already
            try:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                # Unlike a rename it never takes the place of a file that came meanwhile.
                os.link(made, path)
            finally:
                made.unlink()
    except OSError as error:
        raise ExportRefused(f"{path} cannot be written: {error.strerror or error}") from error


def is_export(path: Path) -> bool:
    """By its name, or by how it begins. Raises ExportRefused."""
    if path.suffix.removeprefix(".") in list(Format):
        return True
    try:
        with path.open(encoding=_encoding(path), errors="replace") as stream:
            return stream.read(100).lstrip("[ \n").startswith(_STARTS)
    except OSError as error:
        raise ExportRefused(f"{path} cannot be read: {error.strerror or error}") from error


def read(path: Path) -> Iterator[StoredEvent]:
    """The rows of an export, whichever format it has. Raises ExportRefused at the first that is not one."""
    try:
        with path.open(encoding=_encoding(path), newline="") as stream:
            start = stream.read(1)
            stream.seek(0)
            yield from _of_csv(path, stream) if start == "s" else _of_json(path, stream)
    except OSError as error:
        raise ExportRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ExportRefused(
            f"{path} is no export: it is not UTF-8 text. Bring the file as it was written; what a "
            "spreadsheet opened must be saved as CSV in UTF-8"
        ) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        return encoding_of(stream.read(MARK_BYTES))


def _of_csv(path: Path, stream: TextIO) -> Iterator[StoredEvent]:
    csv.field_size_limit(_LONGEST_BODY)
    reader = csv.reader(stream, strict=True)
    try:
        if _unpadded(next(reader, [])) != FIELDS:
            raise ExportRefused(f"{path} is no export: its first line is not {','.join(FIELDS)}")
        for cells in reader:
            found = _unpadded(cells)
            if len(found) != len(FIELDS):
                raise _no_row(path, reader.line_num)
            values = dict(zip(FIELDS, found, strict=True))
            if found[:2] == ("1", "0"):
                # 64 zeros are the number 0 to a spreadsheet, and nothing else stands before #1.
                values["prev"] = GENESIS
            yield _row(path, reader.line_num, values)
    except csv.Error as error:
        raise ExportRefused(f"{path} line {reader.line_num} is not csv: {error}") from error


def _unpadded(cells: Sequence[str]) -> tuple[str, ...]:
    """Without the empty cells that a spreadsheet puts at the end."""
    last = len(cells)
    while last > len(FIELDS) and not cells[last - 1]:
        last -= 1
    return tuple(cells[:last])


def _of_json(path: Path, stream: TextIO) -> Iterator[StoredEvent]:
    """Both: our list has an object on each line, too, so neither needs to fit into memory."""
    for number, line in enumerate(stream, 1):
        text = line.strip().removesuffix(",")
        if text in {"[", "]", "[]", ""}:
            continue
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # RecursionError: thousands of brackets
            raise ExportRefused(f"{path} line {number} is no row of an export: {error}") from error
        yield _row(path, number, values)


def _row(path: Path, line: int, values: Any) -> StoredEvent:
    try:
        return StoredEvent(int(values["seq"]), str(values["prev"]), str(values["hash"]), str(values["body"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _no_row(path, line) from error


def _no_row(path: Path, line: int) -> ExportRefused:
    return ExportRefused(f"{path} line {line} is no row of an export: it has not just {', '.join(FIELDS)}")
