"""People at their screens: they type commands, press buttons, fill in forms, and see what comes back."""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.slack import acks, form_filling
from sandbox.slack.answers import Answer
from sandbox.slack.conversations import Conversation
from sandbox.slack.deliveries import Deliverer, Delivery, Kind, Repeat, Twice
from sandbox.slack.errors import JSON, CannotDoError, FieldsError
from sandbox.slack.files import upload
from sandbox.slack.messages import Message
from sandbox.slack.payloads import Payloads, action_json
from sandbox.slack.setup import ChannelKind, Person, ShortcutType
from sandbox.slack.state import Draft, State
from sandbox.slack.typed_text import as_delivered
from sandbox.slack.view_store import View

# Slack's client asks for options from the third character on, unless the select says otherwise.
LEAST_TYPED = 3


class Actor:
    """One person. Anybody may act, a deactivated account too: as if the click were on its way when it
    happened."""

    def __init__(self, user: str, state: State, payloads: Payloads, deliverer: Deliverer) -> None:
        if user not in state.directory.people:
            raise CannotDoError(f"there is nobody {user!r} in this workspace")
        self.id = user
        self._state = state
        self._payloads = payloads
        self._deliverer = deliverer

    @property
    def person(self) -> Person:
        return self._state.directory.people[self.id]

    @property
    def modal(self) -> View | None:
        """The modal on top of this person's screen."""
        stack = self._state.views.stack(self.id)
        return stack[-1] if stack else None

    @property
    def home(self) -> View | None:
        return self._state.views.home(self.id)

    async def command(self, channel: str, typed: str, *, twice: Repeat = None) -> Answer:
        """Type `/coupon send …` in a channel this person is in (their own id: the DM with the app)."""
        conversation = self._room(channel)
        command, _, text = typed.partition(" ")
        if command not in self._state.setup.commands:
            raise CannotDoError(f"{command} is not a valid command")
        self._refuse_outsider("commands")
        state = self._state
        resolve = state.setup.should_escape
        delivered = as_delivered(text, state.directory, state.conversations, resolve=resolve)
        trigger = state.triggers.issue(self.id)
        url = state.response_urls.issue(self.id, conversation.id)
        payload = self._payloads.command(self.person, conversation, (command, delivered), trigger, url)
        shown: list[Message] = []

        def show(delivery: Delivery) -> None:
            shown.extend(acks.show_command_ack(state, delivery, self.id, conversation))

        sent = await self._deliverer.deliver(
            Kind.COMMAND, payload, accepts_answer=True, show=show, twice=twice
        )
        return Answer(state, self.id, sent, trigger.id, payload["response_url"], shown=tuple(shown))

    async def click(
        self,
        channel: str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        confirm: bool = True,
        stale: bool = False,
        twice: Repeat = None,
    ) -> Answer:
        """Press a button, or choose `value` in a menu, of a message this person sees.

        For a button, `value` picks one of several with the same action id; `block_id` does so for anything.
        `confirm=False` says no in the
        confirm dialog, if there is one. `stale=True` presses what an earlier version of the message showed:
        the screen had not caught up. Raises CannotDoError when it is not there to press.
        """
        message = self._seen(channel, ts)
        wanted = value if isinstance(value, str) else None
        found = message.element(action_id, wanted, block_id) or message.element(action_id, None, block_id)
        if found and found[1]["type"] == "button" and wanted is not None and found[1].get("value") != wanted:
            found = None
        if found is None and stale:
            found = message.earlier_element(action_id, wanted)
        if found is None:
            raise CannotDoError(f"the message {ts} shows no {action_id!r} to press")
        block, element = found
        dialog = element.get("confirm")
        if dialog and not confirm:
            return Answer(self._state, self.id, (), confirm=dialog)
        trigger = self._state.triggers.issue(self.id)
        url = self._state.response_urls.issue(
            self.id, message.channel, message_ts=ts, thread_ts=message.thread_ts
        )
        action = action_json(block, element, form_filling.choose(element, value))
        payload = self._payloads.message_click(self.person, message, action, trigger, url)

        def show(delivery: Delivery) -> None:
            acks.show_click_ack(self._state, delivery, self.id, message)

        sent = await self._interact(payload, show, twice)
        return Answer(self._state, self.id, sent, trigger.id, payload["response_url"], confirm=dialog)

    async def press(
        self,
        view: View,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        confirm: bool = True,
        twice: Repeat = None,
    ) -> Answer:
        """Press or choose something in a modal or the Home tab that reports at once."""
        self._mine(view)
        wanted = value if isinstance(value, str) else None
        found = view.element(action_id, wanted, block_id) or view.element(action_id, None, block_id)
        if found is None:
            raise CannotDoError(f"the view shows no {action_id!r}")
        block, element = found
        chosen = form_filling.choose(element, value)
        if element["type"] not in ("button", "overflow"):
            slot = view.values.setdefault(block["block_id"], {})
            slot[action_id] = {"type": element["type"], **chosen}
        if block["type"] == "input" and not block.get("dispatch_action", False):
            return Answer(self._state, self.id, ())
        dialog = element.get("confirm")
        if dialog and not confirm:
            return Answer(self._state, self.id, (), confirm=dialog)
        trigger = self._state.triggers.issue(self.id)
        payload = self._payloads.view_click(self.person, view, action_json(block, element, chosen), trigger)

        def show(delivery: Delivery) -> None:
            acks.show_view_click_ack(delivery, view)

        sent = await self._interact(payload, show, twice)
        return Answer(self._state, self.id, sent, trigger.id, confirm=dialog)

    async def submit(
        self, view: View, values: dict[str, Any] | None = None, *, twice: Repeat = None
    ) -> Answer:
        """Fill in (block id → value) and press the submit button of the modal on top.

        Raises CannotDoError where Slack's client would not let it go: a required field empty, text too long.
        """
        self._mine(view)
        if view is not self.modal:
            raise CannotDoError("only the modal on top can be submitted")
        if "submit" not in view.definition:
            raise CannotDoError("this modal has no submit button")
        form_filling.fill(view, values or {})
        if empty := form_filling.missing(view):
            sentence = f"please complete these required fields: {', '.join(empty)}"
            raise FieldsError(sentence, dict.fromkeys(empty, "Please complete this required field."))
        view.errors = {}
        trigger = self._state.triggers.issue(self.id)
        payload = self._payloads.submission(self.person, view, trigger)

        def show(delivery: Delivery) -> None:
            acks.apply_submission_ack(self._state, delivery, view)

        sent = await self._interact(payload, show, twice, accepts_answer=True)
        return Answer(self._state, self.id, sent, trigger.id)

    async def close(self, view: View, *, everything: bool = False) -> Answer:
        """Close the modal (or all of them). The app hears of it only where it asked to, with
        notify_on_close."""
        self._mine(view)
        gone = self._state.views.stack(self.id) if everything else [view]
        if not everything and view.definition.get("clear_on_close"):
            gone = self._state.views.stack(self.id)
        sent: list[Delivery] = []
        for each in reversed(gone):
            self._state.views.end(each, "closed")
            if each.definition.get("notify_on_close"):
                payload = self._payloads.closed(self.person, each, is_cleared=len(gone) > 1 or everything)
                sent += await self._interact(payload, lambda _: None, None)
        return Answer(self._state, self.id, tuple(sent))

    async def suggest(self, view: View, action_id: str, typed: str, *, block_id: str | None = None) -> JSON:
        """Type into an external select of a view; what the app offers, as `options` or `option_groups`.

        Raises CannotDoError where Slack's client shows that nothing could be loaded.
        """
        self._mine(view)
        return await self._suggestions(view, view.element(action_id, None, block_id), typed)

    async def suggest_in_message(
        self, channel: str, ts: str, action_id: str, typed: str, *, block_id: str | None = None
    ) -> JSON:
        """The same in a message this person sees."""
        message = self._seen(channel, ts)
        return await self._suggestions(message, message.element(action_id, None, block_id), typed)

    async def shortcut(self, callback_id: str, *, twice: Repeat = None) -> Answer:
        """Choose one of the app's global shortcuts, from the composer or the search box."""
        self._offered(callback_id, ShortcutType.GLOBAL)
        trigger = self._state.triggers.issue(self.id)
        payload = self._payloads.global_shortcut(self.person, callback_id, trigger)
        sent = await self._interact(payload, lambda _: None, twice)
        return Answer(self._state, self.id, sent, trigger.id)

    async def message_shortcut(
        self, callback_id: str, channel: str, ts: str, *, twice: Repeat = None
    ) -> Answer:
        """Choose one of the app's shortcuts in the menu of a message. Ephemeral ones have no such menu."""
        self._offered(callback_id, ShortcutType.MESSAGE)
        message = self._seen(channel, ts)
        if message.visible_to is not None:
            raise CannotDoError("a message only you can see has no shortcuts")
        trigger = self._state.triggers.issue(self.id)
        url = self._state.response_urls.issue(
            self.id, message.channel, message_ts=ts, thread_ts=message.thread_ts
        )
        payload = self._payloads.message_shortcut(self.person, callback_id, message, trigger, url)
        sent = await self._interact(payload, lambda _: None, twice)
        return Answer(self._state, self.id, sent, trigger.id, payload["response_url"])

    async def open_home(self, *, twice: Repeat = None) -> Answer:
        """Open the app's Home tab; the app hears app_home_opened, and hears it again if it does not
        answer."""
        conversation = self._state.conversations.direct(self.id)
        payload = self._payloads.home_opened(self.person, self.home, conversation, "home")
        sent = await self._deliverer.deliver(Kind.EVENT, payload, accepts_answer=False, twice=twice)
        return Answer(self._state, self.id, sent)

    def say(
        self, channel: str, text: str, *, thread_ts: str | None = None, files: Sequence[JSON] = ()
    ) -> Message:
        """Write an ordinary message; mentions, channels and links in it are resolved as Slack's client does.
        `files` are from `upload`. The app is not told."""
        conversation = self._room(channel)
        if not text.strip() and not files:
            raise CannotDoError("there is nothing to send")
        parent = conversation.find(thread_ts) if thread_ts is not None else None
        if thread_ts is not None and (parent is None or parent.is_reply):
            raise CannotDoError(f"there is no message {thread_ts} in {channel} to reply to")
        kept = as_delivered(text, self._state.directory, self._state.conversations, resolve=True)
        file_ids = tuple(file["id"] for file in files)
        return self._state.post(
            Draft(conversation, self.id, kept, thread_ts=thread_ts, source="person", file_ids=file_ids)
        )

    def upload(self, name: str, content: bytes) -> JSON:
        """A file off this person's disk for a file input: `submit(view, {"file": [li.upload(…)]})`."""
        return upload(self._state, self.id, name, content)

    async def _interact(
        self,
        payload: JSON,
        show: Callable[[Delivery], None],
        twice: Repeat,
        *,
        accepts_answer: bool = False,
    ) -> tuple[Delivery, ...]:
        return await self._deliverer.deliver(
            Kind.INTERACTIVE, payload, accepts_answer=accepts_answer, show=show, twice=twice
        )

    async def _suggestions(self, place: View | Message, found: tuple[JSON, JSON] | None, typed: str) -> JSON:
        if found is None or "external_select" not in found[1]["type"]:
            raise CannotDoError("there is no such external select to type into")
        if len(typed) < found[1].get("min_query_length", LEAST_TYPED):
            return {"options": []}
        payload = self._payloads.suggestion(self.person, place, *found, typed)
        (delivery,) = await self._deliverer.deliver(
            Kind.INTERACTIVE, payload, accepts_answer=True, show=acks.check_suggestions, twice=Twice.NO
        )
        if delivery.error:
            raise CannotDoError(acks.OPTIONS_PROBLEM)
        return dict(delivery.answer)

    def _offered(self, callback_id: str, kind: ShortcutType) -> None:
        self._refuse_outsider("shortcuts")
        if not any(
            each.callback_id == callback_id and each.type is kind for each in self._state.setup.shortcuts
        ):
            raise CannotDoError(f"there is no {kind} shortcut {callback_id!r}")

    def _refuse_outsider(self, what: str) -> None:
        if self._state.directory.is_outsider(self.person):
            raise CannotDoError(f"people of another workspace cannot use this one's {what}")

    def _room(self, channel: str) -> Conversation:
        if channel in (self.id, self._state.conversations.direct_id(self.id)):
            if not self._state.setup.messages_tab_enabled:
                raise CannotDoError("sending messages to this app has been turned off")
            return self._state.conversations.direct(self.id)
        conversation = self._state.conversations.get(channel)
        if conversation is None:
            raise CannotDoError(f"there is no channel {channel!r}")
        if self.id not in conversation.members:
            raise CannotDoError(f"{self.id} is not in {channel}")
        if conversation.is_archived:
            raise CannotDoError(f"{channel} is archived")
        return conversation

    def _seen(self, channel: str, ts: str) -> Message:
        conversation = self._state.conversations.get(channel)
        public = conversation is not None and conversation.kind is ChannelKind.PUBLIC
        if conversation is None or not (public or self.id in conversation.members):
            raise CannotDoError(f"{self.id} does not see the channel {channel}")
        message = conversation.seen_by(self.id, ts)
        if message is None:
            raise CannotDoError(f"{self.id} sees no message {ts} in {channel}")
        return message

    def _mine(self, view: View) -> None:
        if view.user != self.id or not view.open:
            raise CannotDoError(f"{self.id} does not have the view {view.id} on the screen")
