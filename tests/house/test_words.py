"""Words: each sentence is in Chinese, each word of the glossary is in use, and none that is retired."""

from __future__ import annotations

import re
import string
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.house.sentences import extract, extract_page

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "handlers/views/locale/zh_CN/LC_MESSAGES/coupon.po"
#: Where sentences for people stand, in the order of `make words`.
ROOMS = ("handlers", "bot", "console")
METHOD = [
    ("**.py", "tests.house.sentences:extract"),
    ("templates/**.html", "tests.house.sentences:extract_page"),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


@cache
def in_source() -> set[str | tuple[str, ...]]:
    found = (extract_from_dir(ROOT / room, method_map=METHOD) for room in ROOMS)
    return {sentence for _, _, sentence, _, _ in chain.from_iterable(found)}


def entries(catalogue: Catalog) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Message]]:
    """English forms, Chinese forms, and the entry."""
    for entry in catalogue:
        if entry.id:
            english = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
            chinese = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
            yield english, chinese, entry


def places(sentence: str) -> set[str]:
    """Raises ValueError: a lone brace, over which `words` would stumble before a person."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_every_sentence_is_in_the_catalogue_and_every_entry_in_use(catalogue: Catalog) -> None:
    known = {entry.id if isinstance(entry.id, str) else tuple(entry.id) for entry in catalogue if entry.id}
    assert in_source() - known == set(), "`make words`, then translate the new entries"
    assert known - in_source() == set(), "`make words` takes away what is not used"
    assert not catalogue.obsolete


def test_every_entry_is_translated_and_none_is_a_guess(catalogue: Catalog) -> None:
    for english, chinese, entry in entries(catalogue):
        assert all(chinese), f"no Chinese for {english}"
        assert not entry.fuzzy, english


def test_a_translation_has_the_places_of_its_sentence(catalogue: Catalog) -> None:
    for english, chinese, _ in entries(catalogue):
        # "1 day" may write its number out; where it does, the plural has it.
        wanted = places(english[-1])
        for sentence in chinese:
            assert places(sentence) == wanted, sentence
        assert all(places(sentence) <= wanted for sentence in english)


def test_commands_and_codes_are_the_same_in_both_languages(catalogue: Catalog) -> None:
    for english, chinese, _ in entries(catalogue):
        codes = sorted(set(english[-1].split("`")[1::2]))
        for sentence in chinese:
            assert sorted(set(sentence.split("`")[1::2])) == codes, sentence


#: Words that said something untrue, or named one thing twice; English and Chinese.
RETIRED = (
    "Number at WeChat Pay",
    "Nobody has to decide",
    "and then it goes on by itself",
    "same number",
    "This coupon has reached its limit",
    "Your request #{number} is sent",
    "待处理",
    "搁置",
    "发放",
    "已发送",
    "发券单号",
    "微信支付单号",
    "顾客",
    "理由",
)


def test_retired_words_do_not_come_back(catalogue: Catalog) -> None:
    said = [text for english, chinese, _ in entries(catalogue) for text in (*english, *chinese)]
    said += [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.zh-CN.md"))]
    for word in RETIRED:
        assert [text for text in said if word in text] == [], word


def test_a_sentence_is_found_wherever_it_is_said_and_only_as_it_is_written() -> None:
    source = (
        """x = f"*{words('Stocks')}*"; words(f"no {x}"); N_("a" "b"); y(z(words.plural("1", "{n}", 2)))"""
    )
    found = [sentence for _, _, sentence, _ in extract(BytesIO(source.encode()), (), (), {})]
    assert found == ["Stocks", "ab", ("1", "{n}")]
    page = (
        """{% for x in y %}{{ words("Stock") }}{{ words.plural("1", "{n}", 2)|z }}{% endfor %}{{ z("no") }}"""
    )
    on_it = [sentence for _, _, sentence, _ in extract_page(BytesIO(page.encode()), (), (), {})]
    assert on_it == ["Stock", ("1", "{n}")]


# --- names

ROOMS = ("bot", "console", "coupons", "handlers", "sandbox", "storage", "wechatpay")
#: Words that meant several things each, as a part of a name.
NO_NAMES = {"told", "look", "looks"}
#: Of functions: they tell the grammar of a sentence, and not the thing.
NO_FUNCTIONS = {"kept", "asked", "told", "said", "shown", "left"}
#: Columns, and a key of a stored event.
STORED = {"look_at", "absent_looks", "looks"}
#: Words of one side only, and where their names are. The first table has its name on disk.
ONE_SIDES = {
    "notice": ("storage/migrations.py", "sandbox/wechatpay/"),
    "notices": ("storage/migrations.py", "sandbox/wechatpay/"),
    "delivery": (
        *("sandbox/slack/", "coupons/asking.py", "coupons/request_number.py", "handlers/payloads.py"),
        *("coupons/batches.py", "coupons/batch_work.py", "coupons/batch_ports.py", "storage/batches.py"),
        *("handlers/bulk_form.py",),
        *(
            "handlers/actions.py",
            "handlers/batch_actions.py",
            "handlers/talk_actions.py",
            "handlers/commands.py",
            "handlers/form.py",
            "handlers/home.py",
        ),
    ),
    "deliveries": ("sandbox/slack/",),
}


@cache
def names(rooms: tuple[str, ...] = ROOMS) -> set[tuple[str, str]]:
    """Each name in the code, and each file's own, with the file's path."""
    found = set()
    for path in (path for room in rooms for path in (ROOT / room).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        found.add((path.stem, place))
        with path.open("rb") as file:
            tokens = tokenize.tokenize(file.readline)
            found |= {(token.string, place) for token in tokens if token.type == tokenize.NAME}
    return found


@cache
def parts(name: str) -> set[str]:
    """`LookupResult`: lookup, result; `look_up` is the verb of lookup."""
    name = re.sub("look_up", "lookup", name, flags=re.IGNORECASE)
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def glossary() -> list[list[str]]:
    """Word, Chinese and meaning."""
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip("`") for cell in cells] for cells in lines[2:]]


def test_each_word_of_the_glossary_is_defined_once(catalogue: Catalog) -> None:
    words, chinese, meanings = zip(*glossary(), strict=True)
    for column in (words, [each for each in chinese if each != "–"], meanings):
        assert [text for text, times in Counter(column).items() if times > 1] == []
    said = " ".join(text for _, texts, _ in entries(catalogue) for text in texts)
    said += " ".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.zh-CN.md")))
    assert [each for each in chinese if each != "–" and each not in said] == []


def test_each_word_of_the_glossary_is_a_name_in_the_code() -> None:
    used = {name for name, _ in names()} | {part for name, _ in names() for part in parts(name)}
    assert [word for word, *_ in glossary() if word not in used] == []


def test_retired_words_do_not_come_back_as_names() -> None:
    assert (
        sorted((name, place) for name, place in names() if name not in STORED and parts(name) & NO_NAMES)
        == []
    )


def test_nor_do_they_in_tests_where_a_sentence_may_have_them() -> None:
    """A test's own name is a sentence."""
    found = {each for each in names(("tests", "benchmarks")) if each[0].lower().strip("_") in NO_NAMES}
    assert {each for each in found if each[0] not in STORED} == set()


def test_a_function_says_what_it_gives() -> None:
    found = [
        (name, path.relative_to(ROOT).as_posix())
        for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
        for name in re.findall(r"def (\w+)\(", path.read_text(encoding="utf-8"))
        if name.strip("_") in NO_FUNCTIONS
    ]
    assert found == []


def test_a_word_of_one_side_names_nothing_of_another() -> None:
    for word, places in ONE_SIDES.items():
        found = {(name, place) for name, place in names() if word in parts(name)}
        assert {each for each in found if not each[1].startswith(places)} == set(), word


def test_two_classes_of_the_program_have_two_names() -> None:
    """The client and the stand-ins are programs of their own."""
    found: dict[str, list[str]] = {}
    for room in set(ROOMS) - {"sandbox", "wechatpay"}:
        for path in (ROOT / room).rglob("*.py"):
            for name in re.findall(r"^class ([A-Z]\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
                found.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
