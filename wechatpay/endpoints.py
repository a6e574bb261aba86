"""A call with a body, declared once: where to, with what body, for which answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

from wechatpay.answers import CameBack
from wechatpay.client import Client
from wechatpay.fields import Form
from wechatpay.reading import members_of
from wechatpay.records import promised
from wechatpay.targets import target

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[R]):
    """`path` stands under the product's, with names in braces for its segments; `answer` is a record."""

    method: str
    path: str
    form: Form
    answer: type[R]

    def compose(self, **values: object) -> bytes:
        """See `Form.compose`."""
        return self.form.compose(**values)

    async def exchange(
        self,
        client: Client,
        body: bytes,
        *,
        place: AbstractAsyncContextManager[None] | None = None,
    ) -> CameBack:
        """One attempt of a call without segments, and what came back, not judged yet; `place` as in
        `Client.call`. Raises BadRequest before anything is sent."""
        self.form.read(body)
        return await self._exchange(client, body, {}, place)

    async def _exchange(
        self,
        client: Client,
        body: bytes,
        segments: Mapping[str, str],
        place: AbstractAsyncContextManager[None] | None = None,
    ) -> CameBack:
        return await client.call(self.method, target(self.path, segments), body, place=place)

    async def call(self, client: Client, body: bytes, **segments: str) -> R:
        """One attempt with exactly these bytes, which `compose` made.

        Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed.
        """
        asked = self.form.read(body)
        came_back = await self._exchange(client, body, segments)
        found = members_of(came_back, hide=asked.get("openid", ""))
        return promised(self.answer, found, echo=segments | asked)
