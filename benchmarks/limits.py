"""What this machine can do at best: the same work with nothing of ours around it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from storage.driver import sqlite3

#: As long as what is signed for a send.
_SIGNED_BYTES = 280


def rsa_pairs_per_second(seconds: float) -> float:
    """Signatures made and checked with RSA-2048, one after the other: a send needs one of each.

    By CPU time, as of a core of its own: work beside it would flatter those who are measured by it.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public_key = key.public_key()
    text = bytes(_SIGNED_BYTES)
    pairs = 0
    started = time.process_time()
    while (elapsed := time.process_time() - started) < seconds:
        signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        public_key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        pairs += 1
    return pairs / elapsed


def resident_megabytes() -> float:
    """Memory of this process that is in use now; Linux only, as the rest of the benchmarks' machine."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def durable_commit_seconds(folder: Path, seconds: float) -> list[float]:
    """How long each of many commits took: one tiny insert, WAL, synchronous=FULL, one after the other."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("create table tiny (id integer primary key, value text not null)")
        took = []
        until = time.perf_counter() + seconds
        while (started := time.perf_counter()) < until:
            connection.execute("insert into tiny (value) values ('x')")
            took.append(time.perf_counter() - started)
    finally:
        connection.close()
    return took


def sha256_rows_per_second(bodies: Sequence[bytes]) -> float:
    """The chain's hashes alone: 32 bytes of the last one and the row's body, row by row."""
    sha256 = hashlib.sha256
    head = bytes(32)
    started = time.perf_counter()
    for body in bodies:
        head = sha256(head + body).digest()
    return len(bodies) / (time.perf_counter() - started)
