"""What an address may ask for: nothing that its page does not know, and nothing too long for an event.

What is asked stands whole in the event of the look, so a page must not take more than that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from datasette.filters import Filters

from console.language import words
from console.readable import VIEW_COLUMNS

#: Characters, of all that is asked together.
LONGEST: Final = 4_000
#: Parameters of Datasette's that take SQL.
AS_SQL: Final = "_where"
#: Of Datasette's other parameters those that pages link to, and how their values look.
_PARAMETERS: Final[Mapping[str, re.Pattern[str]]] = {
    "_next": re.compile(r"[0-9]{1,12}"),
    "_size": re.compile(r"[0-9]{1,4}|max"),
    "_facet": re.compile(r"[a-z_]+"),
    "_facet_size": re.compile(r"[0-9]{1,3}|max"),
    "_nofacet": re.compile(r"1|on"),
    "_stream": re.compile(r"1|on"),
}
#: Without those that look into JSON, for which SQLite opens a table of its own.
_COMPARISONS: Final = frozenset(
    {
        *("exact", "not", "contains", "startswith", "endswith", "like", "notlike", "glob", "in", "notin"),
        *("gt", "gte", "lt", "lte", "date", "isnull", "notnull", "isblank", "notblank"),
    }
)
_PARAMETER: Final = re.compile(r"(?<![\w:]):([A-Za-z_]\w*)")
_COMMENTS: Final = r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_READS: Final = re.compile(rf"{_COMMENTS}(?:select|with)\b", re.IGNORECASE | re.DOTALL)


class NotAsked(Exception):
    """Nothing was looked up; the sentence says why. `status` is HTTP's."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def one_line(text: str) -> str:
    """As it stands in an event: no line of it is filled with spaces to hide the rest."""
    return " ".join(text.split())


def check_length(text: str) -> None:
    """Raises NotAsked."""
    if len(text) > LONGEST:
        sentence = words(
            "That is {count} characters; at most {most} can be asked at once.",
            count=f"{len(text):,}",
            most=f"{LONGEST:,}",
        )
        raise NotAsked(sentence)


def check_known(args: Any, known: Collection[str]) -> None:
    """Each of these once. Raises NotAsked."""
    _check_all(args)
    for key in args:
        if key not in known:
            raise _unknown(key, known)
        if len(args.getlist(key)) > 1:
            raise NotAsked(words("{key} stands twice in the address; once would be right.", key=key))


def check_statement(args: Any) -> None:
    """A statement that somebody wrote, with the values of its parameters. Raises NotAsked."""
    sql = args.get("sql") or ""
    check_known(args, {"sql", "_stream", *parameters(sql)})
    if not _READS.match(sql):
        raise NotAsked(
            words("A statement begins with SELECT or WITH; /log?sql=select state from requests has one.")
        )


def check_view(view: str, args: Any, *, sql: bool) -> None:
    """`sql`: this person may write it. Raises NotAsked."""
    _check_all(args)
    columns = VIEW_COLUMNS[view]
    known = [*_PARAMETERS, *([AS_SQL] if sql else ()), *columns]
    for key, value in pairs(args):
        if key in _PARAMETERS:
            if not _PARAMETERS[key].fullmatch(value) or (key == "_facet" and value not in columns):
                raise NotAsked(words("{key} cannot be {value}.", key=key, value=value))
        elif key != AS_SQL or not sql:
            column, compared, comparison = key.partition("__")
            if column not in columns or (compared and comparison not in _COMPARISONS):
                raise _unknown(key, known)
    chosen(view, args)


def chosen(view: str, args: Any) -> tuple[Sequence[str], Mapping[str, Any]]:
    """The conditions by columns and their values, as Datasette makes them for its page. Raises NotAsked."""
    filters = sorted((key, value) for key, value in pairs(args) if not key.startswith("_"))
    try:
        conditions, values = Filters(filters).build_where_clauses(view)
    except (ValueError, TypeError):
        # A list that is none, or a digit of another script.
        raise NotAsked(words("A value in the address cannot be read; a list is written 5,7,9.")) from None
    return conditions, values


def parameters(sql: str) -> Sequence[str]:
    """Names that may be parameters of the statement; also some that stand in its texts."""
    return _PARAMETER.findall(sql)


def pairs(args: Any) -> Iterable[tuple[str, str]]:
    return ((key, value) for key in args for value in args.getlist(key))


def arguments_text(args: Any) -> str:
    """All of it, as an event keeps it."""
    return one_line(" ".join(f"{key}={value}" for key, value in pairs(args) if value))


def _check_all(args: Any) -> None:
    check_length("".join(f"{key}{value}" for key, value in pairs(args)))


def _unknown(key: str, known: Iterable[str]) -> NotAsked:
    names = ", ".join(sorted(known)) or words("nothing")
    return NotAsked(words("This page knows no {key}; it knows {names}.", key=key[:60], names=names))
