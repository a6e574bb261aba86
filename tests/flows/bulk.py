"""What people do with a file of many customers, in flows."""

from __future__ import annotations

from typing import Any

from sandbox.slack.answers import Answer
from sandbox.slack.messages import Message
from sandbox.slack.view_store import View
from tests.world import World, until

FIRST, SECOND = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE"
#: Two good lines, and a row without an openid.
CSV = (
    f"openid,stock,reason\n{FIRST},late-10,three days late\n{SECOND},sorry-50,lost\n,late-10,nobody\n"
).encode()


async def form_of(shop: World, who: str = "U0LI") -> View:
    """The form on this person's screen."""
    return await shop.slack.wait_for(lambda: shop.slack.person(who).modal)


async def give(
    shop: World, content: bytes, name: str = "late.csv", who: str = "U0LI", **values: Any
) -> Answer:
    """`/coupon bulk`, the form with this file, submitted."""
    await shop.send("bulk", who)
    person = shop.slack.person(who)
    return await person.submit(await form_of(shop, who), {"file": [person.upload(name, content)], **values})


async def preview(shop: World, words: str, who: str = "U0LI") -> Message:
    """The direct message that has these words."""
    return await until(lambda: next((m for m in shop.slack.dms(who) if words in m.words()), None))


async def file_of(shop: World, start: str, who: str = "U0LI") -> str:
    """What stands in the file, shared in the direct messages, whose name begins so."""

    def shared() -> str | None:
        ids = [file_id for message in shop.slack.dms(who) for file_id in message.file_ids]
        files = (shop.slack.state.files[file_id] for file_id in ids)
        return next((file.content.decode() for file in files if file.name.startswith(start)), None)

    return await until(shared)


def batch(shop: World, number: int = 1) -> dict[str, Any]:
    [row] = shop.rows("select * from batch where id = :id", id=number)
    return row
