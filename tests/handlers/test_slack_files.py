"""A file from Slack: all of it or none, and the token to nobody else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohttp import web

from handlers.slack_files import FileElsewhere, FileGone, FileTooBig, NoScope
from handlers.web_api import AnswerLost, RateLimited, SlackError, TokenRefused
from tests.handlers.file_server import CONTENT, MOST, TOKEN, FileServer, file_server


@pytest.fixture
async def workspace() -> AsyncGenerator[FileServer]:
    async with file_server() as here:
        yield here


async def test_a_file_comes_whole_with_the_token(workspace: FileServer) -> None:
    assert await workspace.download() == CONTENT
    assert workspace.tokens == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    "address",
    [
        "https://files.slack.com.evil.example/list.csv",
        "https://evil.example/files.slack.com/list.csv",
        "https://slack.com@evil.example/list.csv",
        "https://evilslack.com/list.csv",
        "http://files.slack.com/list.csv",
        "https://files.slack.com:8443/list.csv",
        "ftp://files.slack.com/list.csv",
        "//files.slack.com/list.csv",
        "https://[half/list.csv",
    ],
)
async def test_no_other_host_gets_the_token(workspace: FileServer, address: str) -> None:
    workspace.about = {"url_private_download": address, "url_private": address}
    with pytest.raises(FileElsewhere):
        await workspace.download()
    assert [asked.rpartition("/")[2] for asked in workspace.asked] == ["files.info?file=F0LIST"]


@pytest.mark.parametrize(
    "address", ["https://files.slack.com/files-pri/T0-F0/list.csv", "https://files.slack-gov.com/list.csv"]
)
async def test_slacks_own_hosts_are_asked(workspace: FileServer, address: str) -> None:
    workspace.about = {"url_private_download": address}
    # From here nobody reaches them.
    with pytest.raises(AnswerLost):
        await workspace.download()
    assert workspace.asked[1:] == [address]


async def test_what_has_no_address_yet_is_asked_for_again(workspace: FileServer) -> None:
    workspace.about = {"url_private_download": "", "url_private": None}
    with pytest.raises(AnswerLost, match="no_address"):
        await workspace.download()


async def test_a_redirect_is_not_followed(workspace: FileServer) -> None:
    async def away(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(workspace.address("/files/other.csv"))

    workspace.give = away
    with pytest.raises(NoScope):
        await workspace.download()
    assert len(workspace.tokens) == 1


async def test_the_page_for_signing_in_is_no_file(workspace: FileServer) -> None:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<!DOCTYPE html>" + " " * len(CONTENT), content_type="text/html")

    workspace.give = page
    with pytest.raises(NoScope):
        await workspace.download()
    # Whoever sends a page as a list is told that by the reader.
    workspace.about = {"mimetype": "text/html", "size": len(CONTENT) + 15}
    assert (await workspace.download()).startswith(b"<!DOCTYPE")


async def test_what_is_too_big_is_not_even_asked_for(workspace: FileServer) -> None:
    workspace.about = {"size": MOST + 1}
    with pytest.raises(FileTooBig):
        await workspace.download()
    assert workspace.tokens == []


async def test_what_is_bigger_than_it_says_is_cut_off(workspace: FileServer) -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/csv"})
        await response.prepare(request)
        for _ in range(16):
            await response.write(b"x" * 65_536)
        return response

    workspace.about, workspace.give = {"size": 0}, long
    with pytest.raises(FileTooBig):
        await workspace.download()


@pytest.mark.parametrize("size", [len(CONTENT) + 1, len(CONTENT) - 1])
async def test_what_is_not_as_long_as_slack_says_is_not_taken(workspace: FileServer, size: int) -> None:
    workspace.about = {"size": size}
    with pytest.raises(AnswerLost, match="file_cut_short"):
        await workspace.download()


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"mode": "tombstone"}, FileGone),
        ({"mode": "hidden_by_limit"}, FileGone),
        ({"is_external": True}, FileElsewhere),
        ({"mode": "external", "url_private": "https://docs.example/x"}, FileElsewhere),
    ],
)
async def test_a_file_that_slack_does_not_keep(
    workspace: FileServer, about: dict[str, Any], error: type[SlackError]
) -> None:
    workspace.about = about
    with pytest.raises(error):
        await workspace.download()
    assert workspace.tokens == []


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("file_not_found", FileGone),
        ("file_deleted", FileGone),
        ("channel_not_found", FileGone),
        ("missing_scope", NoScope),
        ("invalid_auth", TokenRefused),
        ("internal_error", AnswerLost),
    ],
)
async def test_what_slack_says_of_it(workspace: FileServer, code: str, error: type[SlackError]) -> None:
    workspace.answer = {"ok": False, "error": code}
    with pytest.raises(error):
        await workspace.download()


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, FileGone), (410, FileGone), (403, NoScope), (429, RateLimited), (500, AnswerLost)],
)
async def test_what_the_download_answers(workspace: FileServer, status: int, error: type[SlackError]) -> None:
    async def no(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    workspace.give = no
    with pytest.raises(error):
        await workspace.download()


async def test_neither_token_nor_address_stands_in_an_error(workspace: FileServer) -> None:
    async def gone(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    workspace.give = gone
    with pytest.raises(AnswerLost) as caught:
        await workspace.download()
    shown, error = [], caught.value.__cause__
    shown += [repr(caught.value), str(caught.value), repr(error)]
    assert not any(TOKEN in text or "list.csv" in text for text in shown)
