#!/usr/bin/env python3
"""Check an export of the audit log, alone: python3 verify_export.py FILE [SEQ HASH | part]

FILE is csv, json or jsonl from `coupon-bot audit export`; made with words, it is a part. SEQ and HASH are a
row's as somebody noted them; the first 16 letters of the hash are enough. Exit status: 0 whole, 1 damaged, 2
wrong usage. Needs Python 3.9 and nothing else. Or write your own: hash = SHA-256 of the 32 bytes of prev and
the UTF-8 bytes of body, in hex; the prev of #1 is 64 zeros.
"""

import csv
import hashlib
import json
import sys


def rows(path):
    with open(path, "rb") as file:
        wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    with open(path, encoding="utf-16" if wide else "utf-8-sig", newline="") as file:
        csv.field_size_limit(2**24)
        is_csv = file.read(1) == "s"
        file.seek(0)
        for row in csv.DictReader(file) if is_csv else ():
            # 64 zeros are the number 0 to a spreadsheet.
            yield {**row, "prev": "0" * 64} if (row["seq"], row["prev"]) == ("1", "0") else row
        for line in file:
            if line.strip("[], \r\n"):
                yield json.loads(line.strip().rstrip(","))


def check(path, noted, part):
    seq, head, count, start = None, None, 0, 0
    for row in rows(path):
        here, prev, told, body = int(row["seq"]), row["prev"], row["hash"], row["body"]
        if seq is None and here == 1 and prev != "0" * 64:
            return "#1 does not begin the chain: its prev is not 64 zeros"
        if seq is not None and here != seq + 1 and not (part and here > seq):
            return f"after #{seq} comes #{here}: a row was removed, added or moved"
        if head is not None and prev != head and here == seq + 1:
            return f"#{here} does not follow #{seq}: its prev is another hash"
        if hashlib.sha256(bytes.fromhex(prev) + body.encode()).hexdigest() != told:
            return f"#{here} was changed: its body does not give its hash"
        if json.loads(body)["seq"] != here:
            return f"#{here} does not say in its body that it is #{here}"
        if here == noted[0] and not told.startswith(noted[1]):
            return f"#{here} is not the row that was noted: the log was written anew"
        seq, head, count, start = here, told, count + 1, start or here
    if noted[0] and (seq is None or not start <= noted[0] <= seq):
        return f"#{noted[0]} was noted and is not in the file: an end was cut off, or it is an older file"
    told = f", #{start} to #{seq}, head #{seq} {head[:16]}" if count else ""
    print(f"{'a part, its rows unchanged' if part else 'whole'}: {count} rows{told}")
    return None


if __name__ == "__main__":
    file, noted, part = sys.argv[1:2], sys.argv[2:], sys.argv[2:] == ["part"]
    if not file or not (part or not noted or (len(noted) == 2 and len(noted[1]) >= 16)):
        sys.exit(print(__doc__) or 2)
    try:
        wrong = check(file[0], (int(noted[0]), noted[1].lower()) if len(noted) == 2 else (0, ""), part)
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        wrong = f"it is no export: {error!r}"
    sys.exit(f"NOT whole: {wrong}" if wrong else 0)
