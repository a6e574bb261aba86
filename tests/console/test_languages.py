"""The console speaks the language that the browser asks for."""

from __future__ import annotations

import re
from html import unescape

import pytest
from babel.messages.pofile import read_po

from tests.console.visiting import Place
from tests.house.test_words import CATALOGUE
from tests.words import LANGUAGES

CHINA = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}


def shown(page: str) -> str:
    """What people read, words in attributes too."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    labels = re.findall(r'aria-label="([^"]*)"', page)
    return unescape(" ".join([re.sub(r"<[^>]+>", "\n", page), *labels]))


def english() -> list[str]:
    """Sentences of several words that stand as they are: one of a single word may be a name of a column."""
    with CATALOGUE.open("rb") as file:
        entries = [(entry.id, entry.string) for entry in read_po(file, locale="zh_CN")]
    whole = [english for english, chinese in entries if isinstance(english, str) and english != chinese]
    return [sentence for sentence in whole if "{" not in sentence and " " in sentence]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=late",
        "/search?q=tag:request:sent",
        "/search?q=agnt:U0LI",
        "/request/5",
        "/charts",
        "/month",
        "/log/requests",
        "/log/events?tag=request:sent",
        "/log/by-agent?agent=U0LI",
        "/log/by-agent?agnt=U0LI",
        "/nowhere",
    ],
)
async def test_a_page_is_in_the_language_of_the_browser(here: Place, path: str) -> None:
    visitor = await here.signed_in()
    page = (await visitor.get(path, **CHINA)).text
    assert '<html lang="zh-CN">' in page
    # Stocks and reasons of the log are no words of ours.
    lines = {line.strip() for line in shown(page).splitlines()}
    assert [sentence for sentence in english() if sentence in lines] == []
    page = (await visitor.get(path, **{"accept-language": "en-GB,zh;q=0.5"})).text
    assert '<html lang="en">' in page
    assert "审计日志" not in page


async def test_what_an_attempt_led_to_is_in_it_too(here: Place) -> None:
    visitor = await here.signed_in()
    assert "<td>已发券、HTTP 200</td>" in (await visitor.get("/request/5", **CHINA)).text
    assert "<td>sent, HTTP 200</td>" in (await visitor.get("/request/5")).text


async def test_the_way_in_and_out_is_in_it_too(here: Place) -> None:
    visitor = here.visitor()
    assert "你尚未登录" in (await visitor.get("/", **CHINA)).text
    assert "登录" in (await visitor.get("/sign-in?token=x", **CHINA)).text
    assert "You are not signed in." in (await visitor.get("/")).text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-TW,en;q=0.9", "zh-CN"),
        ("en;q=0.4, zh-Hans ;q=0.6", "zh-CN"),
        ("ja,fr;q=0.9", "en"),
        ("ja, zh;q=0.3, en;q=0.2", "zh-CN"),
        ("zh;q=0", "en"),
        ("zh;q=x, en", "en"),
        (",;;q=,q=1", "en"),
        ("*", "en"),
    ],
)
def test_of_both_languages_the_one_that_is_ranked_higher_counts(header: str, language: str) -> None:
    assert LANGUAGES.accepted(header).language == language
