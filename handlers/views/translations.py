"""Sentences marked for translation, and the catalogue: compiled from what people review, and kept."""

from __future__ import annotations

import struct
import sys
from contextlib import suppress
from functools import cache
from gettext import GNUTranslations
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which every extractor knows
    """Marks a sentence of a table for translation; it is translated where it is used: `words(TABLE[key])`."""
    return sentence


@cache
def translations(locale: str) -> GNUTranslations:
    """Of a locale named as gettext does: `zh_CN`. Read once in a process."""
    return read(
        resources.files("handlers.views").joinpath("locale", locale, "LC_MESSAGES", "coupon.po"), locale
    )


def read(po: Traversable, locale: str) -> GNUTranslations:
    """There is one catalogue, this one: what is compiled of it bears its digest, and serves no other."""
    text = po.read_bytes()
    # Inside a zip there is no folder to keep it in.
    keep = (
        po.parent / "__pycache__" / f"coupon-{sha256(text).hexdigest()}.mo" if isinstance(po, Path) else None
    )
    if keep is not None:
        # One that a loss of power left empty is compiled anew.
        with suppress(OSError, struct.error):
            return GNUTranslations(BytesIO(keep.read_bytes()))
    compiled = _compiled(text, locale)
    if keep is not None and not sys.dont_write_bytecode:
        # Who may not write there compiles it at each start.
        with suppress(OSError):
            _keep(keep, compiled)
    return GNUTranslations(BytesIO(compiled))


def _compiled(text: bytes, locale: str) -> bytes:
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - loading it takes a third of the time
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(text), locale=locale))
    return compiled.getvalue()


def _keep(path: Path, compiled: bytes) -> None:
    """Whole or not at all: others read it meanwhile. Those of catalogues before go."""
    path.parent.mkdir(exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(compiled)
    # For whoever may read the catalogue.
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
    for older in path.parent.glob("coupon-*.mo"):
        if older != path:
            older.unlink(missing_ok=True)
