"""A call with a body, declared once: where to, with what body, for which answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

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

    async def call(self, client: Client, body: bytes, **segments: str) -> R:
        """One attempt with exactly these bytes, which `compose` made.

        Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed.
        """
        asked = self.form.read(body)
        came_back = await client.call(self.method, target(self.path, segments), body)
        found = members_of(came_back, hide=asked.get("openid", ""))
        return promised(self.answer, found, echo=segments | asked)
