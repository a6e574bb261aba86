"""The parts of an .xlsx file (a zip of XML, ECMA-376), opened with bounds, and what it says of its sheets.

People send these files: nothing in one may make the bot read for minutes or fill its memory.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Self, TypeAlias
from xml.parsers import expat

from handlers.bulk.bulk_file import FileRefused, WholeFile

WORKBOOK: Final = "xl/workbook.xml"
SHARED_STRINGS: Final = "xl/sharedStrings.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
#: What the reader of workbooks needs besides; nothing else gets to it.
_PASSED_ON: Final = ("[Content_Types].xml", "_rels/.rels", WORKBOOK, _RELATIONS, "xl/styles.xml")
#: Unpacked, of all parts that are read: fifty thousand lines with ten columns have a sixth of it.
_MOST_BYTES: Final = 128 * 1024 * 1024
_CHUNK: Final = 256 * 1024
#: A workbook has a few dozen; each takes memory before anything is known of it.
_MOST_PARTS: Final = 5_000
_PART_MARK: Final = b"PK\x01\x02"
#: By a file of theirs that no other format has.
_OTHERS: Final = (
    ("xl/workbook.bin", ".xlsb"),
    ("word/document.xml", ".docx"),
    ("ppt/presentation.xml", ".pptx"),
    ("index/document.iwa", ".numbers"),
    ("content.xml", ".ods"),
)
TROUBLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    struct.error,
)


_ENCRYPTED: Final = 1

Attributes: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """`sheets` are tables only, in their order. `all_names`: charts and the like too.

    `is_computed` False: the program that wrote it computes nothing, and leaves its formulas to others.
    """

    sheets: tuple[Sheet, ...]
    all_names: tuple[str, ...]
    is_computed: bool


class Package:
    """The parts that are read, each once; what was read is kept for `passed_on`. Raises FileRefused."""

    def __init__(self, raw: bytes) -> None:
        self._left = _MOST_BYTES
        self._copy = BytesIO()
        if raw.count(_PART_MARK) > _MOST_PARTS:
            raise FileRefused(WholeFile.DAMAGED)
        with damage_named():
            self._zip = zipfile.ZipFile(BytesIO(raw))
            infos = self._zip.infolist()
        self._parts = {_key(info.filename): info for info in infos}
        # Two of one name: which one a program reads is not sure.
        if len(self._parts) < len(infos):
            raise FileRefused(WholeFile.DAMAGED)
        if _key(WORKBOOK) not in self._parts:
            other = next((suffix for part, suffix in _OTHERS if part in self._parts), ".zip")
            raise FileRefused(WholeFile.OTHER_FORMAT, read=other)
        self._out = zipfile.ZipFile(self._copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # An archive that is not closed writes its end when it is collected.
        self._out.close()
        self._zip.close()

    def has(self, part: str) -> bool:
        return _key(part) in self._parts

    def workbook(self) -> Workbook:
        """Reads what names the sheets. Once."""
        sheets: list[Attributes] = []
        targets: dict[str, tuple[str, str]] = {}
        computing: dict[str, str] = {}

        def start(name: str, attributes: Attributes) -> None:
            match name:
                case "sheet":
                    sheets.append(attributes)
                case "calcPr":
                    computing.update(attributes)
                case "Relationship":
                    targets[attributes["Id"]] = (attributes["Type"], attributes["Target"])

        for part in _PASSED_ON:
            if self.has(part):
                self.parse(part, start=start if part in {WORKBOOK, _RELATIONS} else None)
        with damage_named():
            return _workbook(sheets, targets, is_computed=not is_true(computing.get("fullCalcOnLoad", "")))

    def parse(
        self,
        part: str,
        *,
        start: Callable[[str, Attributes], None] | None = None,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Calls back with local names: Strict and Transitional differ in nothing else that is read here.

        Names of attributes keep their prefix.
        """
        parser = expat.ParserCreate()
        parser.buffer_text = True
        # No part has a document type; entities that grow without end come from one.
        parser.StartDoctypeDeclHandler = _refuse_doctype
        if start is not None:
            begin = start
            parser.StartElementHandler = lambda name, attributes: begin(name.rpartition(":")[2], attributes)
        if end is not None:
            finish = end
            parser.EndElementHandler = lambda name: finish(name.rpartition(":")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        with damage_named():
            for chunk in self._chunks(part):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)

    def passed_on(self) -> bytes:
        """A workbook of the very parts that were read, and of nothing else."""
        self._out.close()
        return self._copy.getvalue()

    def _chunks(self, part: str) -> Iterator[bytes]:
        info = self._parts[_key(part)]
        if info.flag_bits & _ENCRYPTED:
            raise FileRefused(WholeFile.PASSWORD)
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise FileRefused(WholeFile.DAMAGED)
        with self._zip.open(info) as source, self._out.open(part, "w") as copy:
            while chunk := source.read(min(_CHUNK, self._left + 1)):
                self._left -= len(chunk)
                if self._left < 0:
                    raise FileRefused(WholeFile.TOO_BIG, limit=_MOST_BYTES)
                copy.write(chunk)
                yield chunk


@contextmanager
def damage_named() -> Iterator[None]:
    """Whatever a broken file makes the libraries raise is one sentence for people."""
    try:
        yield
    except TROUBLE as error:
        raise FileRefused(WholeFile.DAMAGED) from error


def is_true(attribute: str) -> bool:
    """`1` with most programs, `true` with LibreOffice."""
    return attribute in {"1", "true"}


def _workbook(
    sheets: list[Attributes], targets: Mapping[str, tuple[str, str]], *, is_computed: bool
) -> Workbook:
    found = []
    for sheet in sheets:
        # Of another namespace, whose prefix is the program's choice; there is a `sheetId` too.
        relation = {key.rpartition(":")[2]: value for key, value in sheet.items()}["id"]
        kind, target = targets[relation]
        if not kind.endswith("/worksheet"):
            continue
        part = posixpath.normpath(posixpath.join("/xl", target.replace("\\", "/"))).lstrip("/")
        found.append(Sheet(sheet["name"], part, sheet.get("state", "visible") == "visible"))
    names = tuple(sheet["name"] for sheet in sheets)
    if len(set(names)) != len(names):
        raise FileRefused(WholeFile.DAMAGED)
    return Workbook(tuple(found), names, is_computed)


def _key(part: str) -> str:
    """Names of parts are compared without letter case; some programs write them with back-slashes."""
    return part.replace("\\", "/").lstrip("/").casefold()


def _refuse_doctype(*_: object) -> None:
    raise FileRefused(WholeFile.DAMAGED)
