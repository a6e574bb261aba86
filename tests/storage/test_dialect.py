"""What only one engine says stands in the file that knows the dialect, or where the file itself is meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOM: Final = Path(__file__).parents[2] / "storage"

#: What may not stand in a statement, and why.
FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "iif()": (r"\biif\(", "`case` is everybody's"),
    "ifnull()": (r"\bifnull\(", "`coalesce` is everybody's"),
    "instr()": (r"\binstr\(", "`replace(a, b, '') <> a` is everybody's"),
    "total()": (r"\btotal\(", "`coalesce(sum(x), 0)` is everybody's"),
    "group_concat()": (r"\bgroup_concat\(", "`string_agg` is everybody's, and says in which order"),
    "the less of two": (
        r"\b(?:min|max)\((?!case)[^()]*(?:\([^()]*\)[^()]*)*,",
        "elsewhere `min` is an aggregate only: `case`",
    ),
    "sum of a comparison": (
        r"\b(?:sum|min|max)\((?!case)[^()]*(?:[=<>]|\bin\b)",
        "elsewhere a comparison is no number: `count(*) filter (where ...)`, `max(case ...)`",
    ),
    "is a value": (
        r"\bis (?:not )?(?!null\b|not\b|distinct\b)[\w:'(]",
        "elsewhere `is` takes null alone: `is distinct from`",
    ),
    "a bare parameter is null": (
        r":\w+ is (?:not )?null",
        "PostgreSQL cannot know of which type it is: `cast(:x as bigint) is null`",
    ),
    "like": (r"\blike\b", "SQLite's takes capitals for small letters, others' does not"),
    "glob": (r"\bglob\b", "SQLite's alone"),
    "an index by name": (
        r"\b(?:not indexed|indexed by)\b",
        "SQLite's alone: a sum of nothing steers others, too",
    ),
    "full text": (r"\bmatch\b|'delete'", "each engine's own"),
    "JSON": (r"->|\bjson", "each engine's own"),
    "bytes": (r"\bx'|\bas blob\b|\bas bytea\b", "written otherwise elsewhere: bound as a parameter"),
    "the catalogue": (r"\bsqlite_\w+|\bpg_\w+|\binformation_schema\b", "each engine's own"),
    "its connection": (r"\bpragma\b|\bvacuum\b|\bbegin immediate\b|\battach\b", "each engine's own"),
    "insert or": (r"\binsert or\b|\breplace into\b", "`on conflict` is everybody's"),
    "time": (r"\b(?:strftime|unixepoch|julianday|now|clock_timestamp)\(", "times are bound, from our clock"),
    "PostgreSQL": (r"::|\bilike\b|= any\(|\bfor update\b|\bdistinct on\b", "SQLite takes none of it"),
}
#: Where they may stand.
OWN: Final[Mapping[str, str]] = {
    "dialect_sqlite.py": "it is for them",
    "migrations.py": "the tables of a SQLite file",
    "tables_after_sending.py": "the tables of a SQLite file",
    "database.py": "opens a SQLite file",
    "store.py": "a path's transactions",
    "ledger.py": "a SQLite file's transactions",
    "write_back.py": "a SQLite file's WAL",
    "open_files.py": "a SQLite file's WAL and copy",
    "proof": "proves what a SQLite file holds; a log that lives elsewhere is proved in a copy that is one",
}
#: Of a literal: it is SQL, whole or in part.
SQL: Final = re.compile(
    r"\A\s*(?:select|insert|update|delete|with|from|where|on conflict|case|pragma|begin|vacuum)\b"
    r"|\A\s*(?:count|sum|min|max|coalesce)\(|(?<![\w:]):[a-z]\w*|\A[a-z_]+\.[a-z_]+",
)
SUB_SELECT: Final = re.compile(r"\b(?:from|join)\s*\(", re.IGNORECASE)
NAMED: Final = re.compile(r"\s*(?:as )?(?!where\b|order\b|group\b|union\b|limit\b|on\b|join\b)[a-z_]+")


def literals(source: str) -> Iterator[str]:
    """Every text of the program; what is put into it from elsewhere stands as 0. No docstrings."""
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inside or id(node) in said:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)


def nameless(sql: str) -> str | None:
    """The first sub-select in a `from` without a name."""
    for begin in SUB_SELECT.finditer(sql):
        depth, place = 1, begin.end()
        while depth and place < len(sql):
            depth += {"(": 1, ")": -1}.get(sql[place], 0)
            place += 1
        if not NAMED.match(sql[place:]):
            return sql[begin.start() : place]
    return None


def forms(source: str) -> Iterator[tuple[str, str]]:
    """Which forms, and in which text."""
    for text in literals(source):
        if not SQL.search(text):
            continue
        for name, (pattern, _) in FORMS.items():
            if re.search(pattern, text):
                yield name, text
        if nameless(text):
            yield "a sub-select without a name", text


def owner(file: Path) -> str | None:
    place = file.relative_to(ROOM)
    return next((name for name in (place.parts[0], place.name) if name in OWN), None)


def test_a_statement_uses_no_words_of_one_engine_only() -> None:
    files = [file for file in ROOM.rglob("*.py") if owner(file) is None]
    found = [
        f"{file.relative_to(ROOM)}: {name}: {FORMS.get(name, ('', 'PostgreSQL wants one'))[1]}:\n{text}"
        for file in files
        for name, text in forms(file.read_text(encoding="utf-8"))
    ]
    assert found == []
    # Else nothing was looked at.
    assert sum(bool(SQL.search(text)) for file in files for text in literals(file.read_text())) > 90


@pytest.mark.parametrize("name", OWN)
def test_who_may_use_them_does(name: str) -> None:
    files = [file for file in ROOM.rglob("*.py") if owner(file) == name]
    assert any(True for file in files for _ in forms(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("select iif(a, 'b', 'c') from request", "iif()"),
        ("select coalesce(ifnull(a, 1), 2)", "ifnull()"),
        ("update click set reason = 'x' where instr(reason, :openid) > 0", "instr()"),
        ("select total(value_fen) from request", "total()"),
        ("select group_concat(approver, ' ') from approval", "group_concat()"),
        ("select sum(state = 'sent') from request", "sum of a comparison"),
        ("select max(request.state in ('sent', 'held')) as doubtful", "sum of a comparison"),
        ("select max(coalesce(a, 0), b) from request", "the less of two"),
        ("update request set due_at = min(due_at, :now)", "the less of two"),
        ("select 1 from request where state is :state", "is a value"),
        ("select 1 from request where state is not 'sent'", "is a value"),
        ("where (:only is null or id = :only)", "a bare parameter is null"),
        ("select 1 from request where reason like :text", "like"),
        ("select id from request indexed by request_by_created", "an index by name"),
        ("select count(*) from request not indexed", "an index by name"),
        ("request_words match :texts", "full text"),
        ("select body ->> '$.ts' from event", "JSON"),
        ("select 1 where id in (select value from json_each(:ids))", "JSON"),
        ("update request set body = x''", "bytes"),
        ("select name from sqlite_schema", "the catalogue"),
        ("begin immediate", "its connection"),
        ("insert or replace into pause values (1)", "insert or"),
        ("select :at::bigint", "PostgreSQL"),
        ("select count(*) from (select 1 from event limit :most)", "a sub-select without a name"),
        ("select max(id) from (select 1 union select 2) where id > :low", "a sub-select without a name"),
    ],
)
def test_each_of_them_is_seen(sql: str, name: str) -> None:
    assert name in [found for found, _ in forms(f"_SQL = {sql!r}")]


@pytest.mark.parametrize(
    "sql",
    [
        "select max(case when state in ('sent', 'held') then 1 else 0 end) from request",
        "select count(*) filter (where state = 'sent'), coalesce(max(id), 0) from request",
        "select a from request where cast(:only as bigint) is null and closed_at is not null",
        "select 1 from request where code is distinct from :code",
        "select count(*) as n from (select min(seq) from event) as found where n > :low",
    ],
)
def test_what_everybody_takes_is_left_alone(sql: str) -> None:
    assert list(forms(f"_SQL = {sql!r}")) == []
