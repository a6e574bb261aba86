"""The tree of errors, and the tables that other people read, say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from wechatpay import errors
from wechatpay.codes import find_code


def tree(kind: type, depth: int = 0) -> list[tuple[int, str]]:
    inner = [line for child in kind.__subclasses__() for line in tree(child, depth + 1)]
    if kind.__name__.startswith("_"):  # shared code, not a room in the tree
        return [(level - 1, name) for level, name in inner]
    return [(depth, kind.__name__), *inner]


def test_the_docstring_draws_every_error_in_its_place() -> None:
    drawn = [
        (len(branch) // 4, name)
        for branch, name in re.findall(
            r"^([│ ├└─]*)([A-Z][A-Za-z]+)(?:  +|$)", errors.__doc__ or "", re.MULTILINE
        )
    ]
    assert sorted(drawn) == sorted(tree(errors.WechatPayError))


def test_every_code_of_the_table_is_found_in_all_its_spellings() -> None:
    for name in ("NO_AUTH", "NOAUTH", "no_auth", "NO__AUTH"):
        row = find_code(name)
        assert row is not None
        assert row.name == "NO_AUTH"
    assert find_code("SOMETHING_NEW") is None
    assert find_code("") is None


def test_the_package_could_be_published_alone() -> None:
    """Only the issuer knows our business, and only the client and its transport the network."""
    ours = {"bot", "coupons", "handlers", "sandbox", "storage"}
    for file in Path(errors.__file__).parent.glob("*.py"):
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE))
        if file.name != "issuer.py":
            assert not imported & ours, file.name
        if file.name not in {"client.py", "transport.py"}:
            assert not imported & {"aiohttp", "httpx"}, file.name
