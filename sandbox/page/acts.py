"""What a person does on the page, done in the workspace through their Actor."""

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.page.asked import Asked
from sandbox.slack import acks
from sandbox.slack.acting import Actor
from sandbox.slack.answers import Answer
from sandbox.slack.errors import JSON, CannotDoError, FieldsError
from sandbox.slack.form_filling import TYPED
from sandbox.slack.running import Slack
from sandbox.slack.view_store import View

LOCALES = ("en-US", "zh-CN")


class Acts:
    """Every act returns the JSON of its answer, or raises CannotDoError with the words of Slack's client."""

    def __init__(self, slack: Slack, busy: set[str]) -> None:
        self._slack = slack
        self._state = slack.state
        self._busy = busy
        self._by_name = {
            "say": self._say,
            "click": self._click,
            "press": self._press,
            "submit": self._submit,
            "close": self._close,
            "options": self._options,
            "home": self._home,
            "shortcut": self._shortcut,
            "locale": self._locale,
        }

    def actor(self, user: str) -> Actor:
        actor = self._slack.person(user)
        if actor.person.is_bot:
            raise CannotDoError(f"{user} is a bot, and nobody's screen")
        return actor

    async def do(self, user: str, act: str, asked: Asked) -> JSON:
        if act not in self._by_name:
            raise CannotDoError(f"there is nothing called {act!r} to do")
        return await self._by_name[act](self.actor(user), asked)

    async def _say(self, actor: Actor, asked: Asked) -> JSON:
        channel, text, thread_ts = asked.text("channel"), asked.text("text"), asked.maybe_text("thread_ts")
        files = [self._own_file(actor, file_id) for file_id in asked.value("file_ids") or ()]
        if files or not text.startswith("/"):
            actor.say(channel, text, thread_ts=thread_ts, files=files)
            return {}
        command = text.partition(" ")[0]
        if thread_ts is not None:
            raise CannotDoError(f"{command} is not supported in threads. Sorry!")
        answer = await actor.command(channel, text)
        return _unless_failed(answer, f'{command} failed with the error "{answer.error}"')

    def _own_file(self, actor: Actor, file_id: str) -> JSON:
        file = self._state.files.get(file_id)
        if file is None or file.user != actor.id:
            raise CannotDoError(f"{actor.id} has uploaded no file {file_id!r}")
        return self._state.file_json(file)

    async def _click(self, actor: Actor, asked: Asked) -> JSON:
        answer = await actor.click(
            asked.text("channel"),
            asked.text("ts"),
            asked.text("action_id"),
            asked.value("value"),
            block_id=asked.text("block_id"),
        )
        return _unless_failed(answer, acks.CLICK_PROBLEM)

    async def _press(self, actor: Actor, asked: Asked) -> JSON:
        view = self._view(asked)
        action_id, block_id = asked.text("action_id"), asked.text("block_id")
        found = view.element(action_id, None, block_id)
        value = self._chosen(actor.id, found[1], asked.value("value")) if found else None
        with self._working(view):
            answer = await actor.press(view, action_id, value, block_id=block_id)
        return _unless_failed(answer, acks.CLICK_PROBLEM)

    async def _submit(self, actor: Actor, asked: Asked) -> JSON:
        view = self._view(asked)
        values = {
            block_id: self._chosen(actor.id, block["element"], value)
            for block_id, value in asked.record("values").items()
            # What is chosen outside of inputs was told when it was chosen.
            if (block := view.input_block(block_id)) is not None
        }
        try:
            with self._working(view):
                answer = await actor.submit(view, values)
        except FieldsError as error:
            return {"errors": error.fields}
        _unless_failed(answer, acks.MODAL_PROBLEM)
        return {"errors": view.errors} if view.open and view.errors else {}

    async def _close(self, actor: Actor, asked: Asked) -> JSON:
        await actor.close(self._view(asked))
        return {}

    async def _options(self, actor: Actor, asked: Asked) -> JSON:
        action_id, block_id, typed = asked.text("action_id"), asked.text("block_id"), asked.text("query")
        if asked.maybe_text("view_id") is not None:
            return await actor.suggest(self._view(asked), action_id, typed, block_id=block_id)
        return await actor.suggest_in_message(
            asked.text("channel"), asked.text("ts"), action_id, typed, block_id=block_id
        )

    async def _home(self, actor: Actor, asked: Asked) -> JSON:  # noqa: ARG002 - an act's shape
        # Slack repeats an event that was not taken, and shows the tab as it was meanwhile.
        await actor.open_home()
        return {}

    async def _shortcut(self, actor: Actor, asked: Asked) -> JSON:
        callback_id, channel = asked.text("callback_id"), asked.maybe_text("channel")
        if channel is None:
            answer = await actor.shortcut(callback_id)
        else:
            answer = await actor.message_shortcut(callback_id, channel, asked.text("ts"))
        return _unless_failed(answer, acks.SHORTCUT_PROBLEM)

    async def _locale(self, actor: Actor, asked: Asked) -> JSON:
        locale = asked.text("locale")
        if locale not in LOCALES:
            raise CannotDoError(f"the page speaks {' and '.join(LOCALES)}, not {locale!r}")
        self._slack.set_person(actor.id, locale=locale)
        return {}

    def _view(self, asked: Asked) -> View:
        view = self._state.views.by_id.get(asked.text("view_id"))
        if view is None:
            raise CannotDoError("there is no such view any more")
        return view

    def _chosen(self, user: str, element: JSON, value: object) -> object:
        """The value as the workspace keeps it: an emptied line is none at all, files are whole records."""
        if element["type"] in TYPED:
            return None if value == "" else value
        if element["type"] == "file_input" and isinstance(value, list):
            return [self._file(user, each["id"] if isinstance(each, dict) else each) for each in value]
        return value

    def _file(self, user: str, file_id: object) -> JSON:
        file = self._state.files.get(file_id) if isinstance(file_id, str) else None
        if file is None or file.user != user:
            raise CannotDoError(f"there is no file {file_id!r} of yours")
        return self._state.file_json(file)

    @contextmanager
    def _working(self, view: View) -> Iterator[None]:
        """The view shows that something is under way."""
        self._busy.add(view.id)
        self._state.changes.note("view_busy", view=view.id, user=view.user, busy=True)
        try:
            yield
        finally:
            self._busy.discard(view.id)
            self._state.changes.note("view_busy", view=view.id, user=view.user, busy=False)


def _unless_failed(answer: Answer, sentence: str) -> JSON:
    """Slack's client says only that the app failed; why stands in the app's own log."""
    if answer.error:
        raise CannotDoError(sentence)
    return {}
