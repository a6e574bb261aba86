"""Fetches the witnesses: clients written by others, locked with hashes, no part of the product.

Each is installed once into `.venv/witnesses`, in a folder named after its lock, so that `make test` pays
once. What this machine lacks is a skip that says so, and in CI a failure; a registry that cannot be reached
is nobody's fault there, and stays a skip.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from tests.machine import lacks

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".venv" / "witnesses"
LOCK = ROOT / "requirements" / "witnesses.txt"
NODE = HERE / "witness_node"

#: Proxies and certificates of this machine: what installers need, and what tests are not allowed to see.
AS_STARTED: Mapping[str, str] = dict(os.environ)
INSTALLED_WITHIN_S = 180
#: What npm says when it did not get through to its registry, or only to somebody who stands before it.
_NO_REGISTRY = re.compile(
    r"npm (?:error|ERR!) code "
    r"(?:E(?:AI_AGAIN|CONN\w+|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|SOCKET\w*|TIMEDOUT)"
    r"|ERR_SOCKET_TIMEOUT|FETCH_ERROR|E40[137]|E429|E5\d\d|CERT_\w+|\w*SELF_SIGNED_CERT\w*|UNABLE_TO_\w+)\b"
)


def in_python() -> list[str]:
    """What runs `wechatpayv3` and nothing else that happens to be installed."""
    key = (LOCK.read_bytes(), sys.version.encode(), sys.platform.encode())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
    folder = installed("python", key, [*pip, "--require-hashes", "--requirement", str(LOCK), "--target", "."])
    return [sys.executable, "-S", str(HERE / "witness_python" / "witness.py"), str(folder)]


def in_node() -> list[str]:
    """What runs `wechatpay-axios-plugin`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        # No tool of this project's, so that CI need not have it.
        not_heard("node and npm are not installed", excused=True)
    files = {
        name: (NODE / name).read_bytes() for name in ("package.json", "package-lock.json", "witness.cjs")
    }
    patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
    folder = installed(
        "node",
        tuple(files.values()),
        [npm, "ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund", *patience],
        files=files,
    )
    return [node, str(folder / "witness.cjs")]


def installed(
    name: str,
    key: Sequence[bytes],
    command: Sequence[str],
    *,
    files: Mapping[str, bytes] | None = None,
    cache: Path = CACHE,
) -> Path:
    """The folder that `command`, run in it beside `files`, has filled; kept as long as `key` is the same."""
    digest = hashlib.sha256()
    for part in key:
        digest.update(hashlib.sha256(part).digest())
    whole = cache / f"{name}-{digest.hexdigest()[:16]}"
    if whole.is_dir():
        return whole
    cache.mkdir(parents=True, exist_ok=True)
    # Only a folder that is complete gets the name that is looked for.
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=cache, ignore_cleanup_errors=True) as started:
        folder = Path(started) / "whole"
        folder.mkdir()
        for file, text in (files or {}).items():
            (folder / file).write_bytes(text)
        _run(command, folder)
        try:
            folder.rename(whole)
        except OSError:
            if not whole.is_dir():  # else another run of the tests was faster
                raise
    return whole


def _run(command: Sequence[str], folder: Path) -> None:
    shown = " ".join([Path(command[0]).name, *command[1:4]])
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=AS_STARTED,
            timeout=INSTALLED_WITHIN_S,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        not_heard(f"{shown} took more than {INSTALLED_WITHIN_S} s")
    if done.returncode:
        unreachable = _NO_REGISTRY.search(done.stderr)
        words = unreachable[0] if unreachable else " ".join(done.stderr.split())[-400:]
        not_heard(f"{shown} failed: {words}", excused=unreachable is not None)


def not_heard(why: str, *, excused: bool = False) -> NoReturn:
    """Skips; in CI fails, unless `excused`."""
    if excused:
        pytest.skip(f"WITNESS NOT HEARD: {why}")
    lacks("WITNESS NOT HEARD", why)
