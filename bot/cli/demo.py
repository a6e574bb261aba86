"""`coupon-bot demo`: the whole bot beside its stand-ins."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import click

from bot.demo.page import show_page
from bot.demo.play import play

#: What people see in every transcript.
_SIGNS: Final = "¥·…✅券"


@click.command()
@click.option("--play", "transcript", is_flag=True, help="Play the main job, print what people see, and end.")
@click.option("--port", type=click.IntRange(1, 65535), help="The page's port; else 8765, or any free one.")
def demo(*, transcript: bool, port: int | None) -> None:
    """The whole bot on one local page, until Ctrl-C: no account, no secret, no money."""
    if transcript:
        if port is not None:
            raise click.UsageError("--port is the page's, and --play shows no page")
        # Before a whole shop is opened to be broken off at its first ¥.
        _SIGNS.encode(sys.stdout.encoding)
        sys.exit(asyncio.run(play(sys.stdout)))
    sys.exit(asyncio.run(show_page(sys.stdout, port)))
