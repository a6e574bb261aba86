"""The sentences for people in our source, as Babel's extraction method (named in pyproject.toml).

Babel's own does not look inside f-strings (before Python 3.12), nor deep inside other calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias

from jinja2 import Environment, nodes

#: Line, kind of call, the sentence (or its singular and plural), comments.
Found: TypeAlias = tuple[int, str, str | tuple[str, str], list[str]]


def extract(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """`words("...")`, `N_("...")`, `words.plural("...", "...", n)`."""
    calls = [node for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
        match call.func:
            case ast.Name(id="words" | "N_") if texts:
                yield call.lineno, "gettext", texts[0], []
            case ast.Attribute(value=ast.Name(id="words"), attr="plural"):
                yield call.lineno, "ngettext", (texts[0], texts[1]), []
            case _:
                pass


def extract_page(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """`{{ words("...") }}` and `{{ words.plural("...", "...", n) }}` of a page."""
    for call in Environment(autoescape=True).parse(file.read().decode()).find_all(nodes.Call):
        texts = [each.value for each in call.args if isinstance(each, nodes.Const)]
        match call.node:
            case nodes.Name(name="words") if texts:
                yield call.lineno, "gettext", texts[0], []
            case nodes.Getattr(node=nodes.Name(name="words"), attr="plural"):
                yield call.lineno, "ngettext", (texts[0], texts[1]), []
            case _:
                pass
