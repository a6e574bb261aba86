"""What a benchmark says, and the bare limits it is held against."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from storage.driver import sqlite3


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` and `limit` are of the same unit, which the names say."""

    name: str
    measured: float
    limit_name: str
    limit: float


def rsa_ms(times: int = 400) -> float:
    """CPU milliseconds of one RSA-2048 signature and one verification."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public, message = key.public_key(), b"x" * 400
    started = time.process_time()
    for _ in range(times):
        signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    return (time.process_time() - started) / times * 1000


def commit_ms(times: int = 300) -> float:
    """Wall milliseconds of one durable commit of one small row."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("create table t (a integer primary key, b text)")
        started = time.perf_counter()
        for _ in range(times):
            connection.execute("insert into t (b) values ('a row of some forty characters, no more..')")
        taken = time.perf_counter() - started
        connection.close()
    return taken / times * 1000


def sha256_rows_per_second(bodies: Sequence[bytes]) -> float:
    """Bare SHA-256 over the same bytes, chained, no database."""
    sha256, head = hashlib.sha256, bytes(32)
    started = time.perf_counter()
    for body in bodies:
        head = sha256(head + body).digest()
    return len(bodies) / (time.perf_counter() - started)
