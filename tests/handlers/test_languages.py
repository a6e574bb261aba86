"""What a language does to sentences, lists, money and times; and which one a person reads."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest
from babel.dates import format_datetime
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from bot.slack_app import session, web_client
from handlers.directory import Readers, SlackDirectory
from handlers.views.words import Words
from sandbox.slack import Workspace, server_error, slow
from sandbox.slack.running import Slack
from tests.words import CHINESE, ENGLISH, LANGUAGES

NOW = 1_795_400_572_000


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (ENGLISH, ["1 day", "1,234 days", "¥1,234.50", "a, b, c", "Held Expired"]),
        (CHINESE, ["1 天", "1,234 天", "¥1,234.50", "a、b、c", "需人工处理已过期"]),
    ],
    ids=["en", "zh"],
)
def test_each_language_has_its_own_numbers_lists_and_gaps(words: Words, expected: list[str]) -> None:
    assert [
        words.plural("1 day", "{n} days", 1),
        words.plural("1 day", "{n} days", 1234),
        words.money(123_450),
        words.list(["a", "b", "c"]),
        words.sentences(words("Held"), "", words("Expired")),
    ] == expected


def test_a_moment_is_shown_in_the_readers_zone_and_a_client_that_cannot_shows_utc() -> None:
    assert ENGLISH.moment(NOW) == "<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>"
    assert CHINESE.moment(NOW) == "<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>"
    assert ENGLISH.day(NOW) == "<!date^1795400572^{date_short_pretty}|2026-11-23>"
    assert CHINESE.day(NOW) == "<!date^1795400572^{date_short_pretty}|2026年11月23日>"


@pytest.mark.parametrize(
    ("words", "locale", "moment"),
    [(ENGLISH, "en", "yyyy-MM-dd HH:mm 'UTC'"), (CHINESE, "zh_CN", "y年M月d日 HH:mm 'UTC'")],
    ids=["en", "zh"],
)
@given(number=st.integers(-(10**12), 10**12), at=st.integers(10**12, 4 * 10**12))
def test_numbers_and_moments_are_as_cldr_has_them(
    words: Words, locale: str, moment: str, number: int, at: int
) -> None:
    assert words.number(number) == format_decimal(number, locale=locale)
    seconds, day = datetime.fromtimestamp(at // 1000, UTC), moment.partition(" ")[0]
    assert words.moment(at).split("|")[1] == f"{format_datetime(seconds, moment, locale=locale)}>"
    assert words.day(at).split("|")[1] == f"{format_datetime(seconds, day, locale=locale)}>"


def test_a_value_with_braces_stays_as_it_is() -> None:
    assert CHINESE("Reason: {reason}", reason="{number} {} %s") == "原因：{number} {} %s"


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("zh-CN", CHINESE),
        ("zh-TW", CHINESE),
        ("ZH", CHINESE),
        ("en-GB", ENGLISH),
        ("ja-JP", ENGLISH),
        ("", ENGLISH),
    ],
)
def test_every_chinese_reads_simplified_chinese_and_everybody_else_english(locale: str, words: Words) -> None:
    assert LANGUAGES.of(locale) is words


@pytest.fixture
async def slack() -> AsyncGenerator[Slack]:
    async with Workspace().serve() as running:
        yield running


async def test_whoever_slack_tells_nothing_of_reads_the_channels_language(slack: Slack) -> None:
    async with session() as http:
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        directory = SlackDirectory(client, team="T0SHOP", clock=lambda: NOW)
        troubles: list[BaseException] = []
        readers = Readers(directory, LANGUAGES, language="zh-CN", on_trouble=troubles.append)
        assert readers.channel is CHINESE
        assert await readers.words("U0QIAN") is ENGLISH
        assert await readers.words("U0NOBODY") is CHINESE
        slack.faults.next("users.info", server_error())
        assert await readers.words("U0FIN") is CHINESE
        assert len(troubles) == 1
        slack.faults.next("users.info", slow(5.0))
        assert await readers.words("U0FIN", within_s=0.05) is CHINESE
        assert await readers.words("U0FIN") is ENGLISH
