"""What a person gets back for what they did."""

from dataclasses import dataclass
from typing import Any

from sandbox.slack.changes import WAIT_SECONDS
from sandbox.slack.deliveries import Delivery
from sandbox.slack.errors import JSON
from sandbox.slack.messages import Message
from sandbox.slack.state import State
from sandbox.slack.view_store import View


@dataclass(frozen=True, slots=True)
class Answer:
    """What one act led to. `deliveries` is empty when nothing was sent (the person said no in the dialog),
    and has two entries when it was sent twice. `confirm` is the dialog that was shown. `shown` are the
    messages the acks made."""

    state: State
    user: str
    deliveries: tuple[Delivery, ...]
    trigger_id: str = ""
    response_url: str = ""
    confirm: JSON | None = None
    shown: tuple[Message, ...] = ()

    @property
    def ack(self) -> Any:
        """What the first ack carried; None for an empty one or none at all."""
        return self.deliveries[0].answer if self.deliveries else None

    @property
    def error(self) -> str | None:
        """What the person was told went wrong with the first delivery, None if it was acknowledged."""
        return self.deliveries[0].error if self.deliveries else None

    @property
    def elapsed(self) -> float:
        return self.deliveries[0].elapsed if self.deliveries else 0.0

    @property
    def text(self) -> str:
        return self.shown[0].text if self.shown else ""

    @property
    def blocks(self) -> list[JSON]:
        return self.shown[0].blocks if self.shown else []

    @property
    def ephemeral(self) -> bool:
        return bool(self.shown) and self.shown[0].visible_to is not None

    async def view(self, within: float = WAIT_SECONDS) -> View:
        """The modal this act opened, awaited. Raises TimeoutError."""
        return await self.state.changes.wait_for(self._opened, within)

    def _opened(self) -> View | None:
        views = self.state.views.by_id.values()
        return next((v for v in views if v.trigger_id == self.trigger_id), None)
