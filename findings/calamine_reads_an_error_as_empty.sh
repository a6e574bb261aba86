#!/bin/sh
# One would guess: a cell with #N/A, or a formula that was never computed, reads as an error, as text or as None, and
# can be told from a cell with nothing in it.
# What happens: python-calamine gives an empty text for all three. A lookup that failed looks like "nothing given",
# so a program takes its default for it: another coupon, another price. openpyxl (data_only) gives '#N/A'.
# python-calamine 0.9.1, openpyxl 3.1.5. Source: its README says nothing of errors; and run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-calamine==0.9.1 openpyxl==3.1.5
"$folder/venv/bin/python" - "$folder/x.xlsx" <<'PYTHON'
import sys
import openpyxl, python_calamine
from importlib.metadata import version
print("python-calamine", version("python-calamine"), "openpyxl", version("openpyxl"))
book = openpyxl.Workbook()
book.active.append(["error", "=VLOOKUP(1,C1:D1,2,0)", None, "end"])
book.active["A2"] = "#N/A"
book.active["A2"].data_type = "e"
book.active["B2"] = "end"
book.save(sys.argv[1])
rows = python_calamine.CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()
error, not_computed, nothing = rows[1][0], rows[0][1], rows[0][2]
other = openpyxl.load_workbook(sys.argv[1], data_only=True).active["A2"].value
print(f"python-calamine: #N/A {error!r}, never computed {not_computed!r}, nothing {nothing!r}")
print(f"openpyxl: #N/A {other!r}")
sys.exit(0 if (error, not_computed, nothing, other) == ("", "", "", "#N/A") else 1)
PYTHON
