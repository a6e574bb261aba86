"""A signed line that says how far the log was and what its head: kept elsewhere, it proves the log later.

    coupon-checkpoint v1 seq=12 hash=... at=2026-11-23T12:00:00Z key=... sig=...

Letters and digits that no chat takes for formatting, so that it comes back whole when it is copied out of a
message or a mail, whatever stands around it and wherever its spaces became line breaks.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from storage.errors import CheckpointRefused

_LINE = re.compile(
    r"coupon-checkpoint\s+v1\s+seq=(\d{1,18})\s+hash=([0-9a-f]{64})\s+at=(\S{20})\s+key=([0-9a-f]{16})"
    r"\s+sig=([0-9a-f]{128})",
    re.ASCII,
)
_RAW = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`hash` is that of event `seq`, or 64 zeros for 0; `at` is in UTC; `key` names the public key."""

    seq: int
    hash: str
    at: str
    key: str
    signature: str

    @property
    def signed(self) -> str:
        """The exact text under the signature."""
        return f"coupon-checkpoint v1 seq={self.seq} hash={self.hash} at={self.at} key={self.key}"

    @property
    def line(self) -> str:
        """As it is printed, posted and kept."""
        return f"{self.signed} sig={self.signature}"


def key_file(database: Path) -> Path:
    """Beside the database, and named after it."""
    return database.with_name(f"{database.name}.checkpoint-key")


def load_or_make_key(database: Path) -> Ed25519PrivateKey:
    """The key of this database; the first caller makes it. Raises CheckpointRefused as `load_key` does."""
    file = key_file(database)
    try:
        if not file.exists():
            _make(file)
    except OSError as error:
        raise CheckpointRefused(f"{file} cannot be made: {error.strerror or error}") from error
    return load_key(database)


def load_key(database: Path) -> Ed25519PrivateKey:
    """Raises CheckpointRefused when it is not there, others may read it, or it is no Ed25519 key."""
    file = key_file(database)
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise CheckpointRefused(f"{file} may be read by others, who could sign with it; chmod 600 {file}")
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise CheckpointRefused(f"{file} cannot be used: {error.strerror or error}") from error
    except ValueError as error:
        raise CheckpointRefused(f"{file} holds no key in PEM; put the right one back") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CheckpointRefused(f"{file} holds another kind of key than Ed25519; put the right one back")
    return key


def public_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public key as an auditor notes it: 64 hexadecimal digits."""
    return _public(key).public_bytes_raw().hex()


def read_public(text: str) -> Ed25519PublicKey:
    """Raises CheckpointRefused."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != _RAW:
        raise CheckpointRefused(
            f"the public key {text[:70]!r} is not the 64 digits that `audit checkpoint --key` prints"
        )
    return Ed25519PublicKey.from_public_bytes(raw)


def sign(key: Ed25519PrivateKey, seq: int, head_hash: str, *, now: int) -> Checkpoint:
    """`told`: the hash of event `seq`."""
    at = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    unsigned = Checkpoint(seq, head_hash, at, key_name(key), "")
    signature = key.sign(unsigned.signed.encode()).hex()
    return Checkpoint(seq, head_hash, at, unsigned.key, signature)


def found_in(text: str) -> Iterator[Checkpoint]:
    """Every checkpoint in a text, whatever stands between them."""
    for seq, head_hash, at, key, signature in _LINE.findall(text):
        yield Checkpoint(int(seq), head_hash, at, key, signature)


def was_signed_by(checkpoint: Checkpoint, key: Ed25519PrivateKey | Ed25519PublicKey) -> bool:
    """Its signature holds; whoever can post into a channel can post another one there."""
    try:
        _public(key).verify(bytes.fromhex(checkpoint.signature), checkpoint.signed.encode())
    except InvalidSignature:
        return False
    return True


def key_name(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """As a checkpoint names the key that signed it: 16 hexadecimal digits."""
    return sha256(_public(key).public_bytes_raw()).hexdigest()[:16]


def replace_key(key: Ed25519PrivateKey, database: Path, *, once: Callable[[], object]) -> None:
    """In the place of the one that was there, `once` this has said that it may.

    Written before and moved after: a full disk changes nothing, and whoever is killed in between has the old
    key still. Raises CheckpointRefused, and what `once` raises.
    """
    file = key_file(database)
    try:
        written = _written(file, key)
        try:
            once()
            written.replace(file)
        finally:
            written.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointRefused(f"{file} cannot be made: {error.strerror or error}") from error


def _make(file: Path) -> None:
    written = _written(file, Ed25519PrivateKey.generate())
    try:
        # Of several that start together the first wins, and the others use its key.
        with suppress(FileExistsError):
            os.link(written, file)
    finally:
        written.unlink()


def _written(file: Path, key: Ed25519PrivateKey) -> Path:
    """Aside first, for its owner alone: whoever looks meanwhile sees a whole key or none."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    number, name = mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _public(key: Ed25519PrivateKey | Ed25519PublicKey) -> Ed25519PublicKey:
    return key.public_key() if isinstance(key, Ed25519PrivateKey) else key
