"""What an ack does to the screen: a message for the person, a modal that changes or closes, or a failure
shown."""

from typing import Any

from sandbox.slack.conversations import Conversation
from sandbox.slack.deliveries import DISPATCH_FAILED, Delivery
from sandbox.slack.elements import SUGGESTIONS
from sandbox.slack.errors import SlackError
from sandbox.slack.limits import POST_CHARACTERS, checked_blocks, checked_text, checked_view, need_words
from sandbox.slack.messages import Message
from sandbox.slack.shapes import Problems
from sandbox.slack.state import Draft, State
from sandbox.slack.view_store import View

MODAL_PROBLEM = "We had some trouble connecting. Try again?"
CLICK_PROBLEM = "\u26a0\ufe0f The button did not answer."

OPTIONS_PROBLEM = "The options could not be loaded. Try again?"
SHORTCUT_PROBLEM = "The shortcut did not answer. Try again?"


def show_command_ack(state: State, delivery: Delivery, user: str, channel: Conversation) -> list[Message]:
    """The message a command's ack carries, if any: for the person only, or for the channel when it says
    so."""
    command = delivery.payload["command"]
    if delivery.error:
        state.tell(user, channel, f'{command} failed with the error "{delivery.error}"')
        return []
    answer = delivery.answer
    if not isinstance(answer, dict) or not (answer.get("text") or answer.get("blocks")):
        return []
    try:
        text = checked_text(answer.get("text"), at_most=POST_CHARACTERS)
        blocks = checked_blocks(answer.get("blocks"))
        need_words(text, blocks)
    except SlackError as error:
        delivery.error = error.code
        state.tell(user, channel, f'{command} failed with the error "{error.code}"')
        return []
    everyone = answer.get("response_type") == "in_channel"
    visible_to = None if everyone else user
    draft = Draft(channel, state.setup.bot_user_id, text, blocks, visible_to=visible_to, source="ack")
    return [state.post(draft)]


def show_click_ack(state: State, delivery: Delivery, user: str, message: Message) -> None:
    """Clicks carry nothing back; a missed ack is a warning triangle on the button."""
    channel = state.conversations.get(message.channel)
    if delivery.error and channel is not None:
        state.tell(user, channel, CLICK_PROBLEM)


def check_suggestions(delivery: Delivery) -> None:
    """At most 100 options, or as many groups; anything else, and an empty ack, leaves the menu empty."""
    if delivery.error:
        return
    problems = Problems()
    SUGGESTIONS(problems, delivery.answer, "")
    if problems.lines:
        delivery.error = DISPATCH_FAILED


def show_view_click_ack(delivery: Delivery, view: View) -> None:
    if delivery.error:
        view.problem = CLICK_PROBLEM


def apply_submission_ack(state: State, delivery: Delivery, view: View) -> None:
    """Close, clear, update, push, or errors under the inputs. An answer that is none of these is a
    failure."""
    if not view.open:
        # The second of two deliveries: the form is gone from the screen already.
        return
    view.problem = None
    if not delivery.error:
        try:
            _apply(state, delivery.answer, view)
        except SlackError as error:
            delivery.error = error.code
    if delivery.error:
        view.problem = MODAL_PROBLEM
        state.changes.note("view_problem", view=view.id, user=view.user, error=delivery.error)


def _apply(state: State, answer: Any, view: View) -> None:
    if not answer:
        state.views.end(view, "submitted")
        return
    action = answer.get("response_action") if isinstance(answer, dict) else None
    match action:
        case "clear":
            for each in state.views.stack(view.user):
                state.views.end(each, "submitted")
        case "update":
            state.views.update(view, checked_view(answer.get("view"), home=False), None)
        case "push":
            state.views.push(view.user, checked_view(answer.get("view"), home=False), None)
        case "errors":
            _show_errors(state, answer.get("errors"), view)
        case _:
            raise SlackError(DISPATCH_FAILED)


def _show_errors(state: State, errors: Any, view: View) -> None:
    """Each key must be the block id of an input of this view, or nobody would see the text."""
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_errors")
    for block_id, text in errors.items():
        if view.input_block(block_id) is None or not isinstance(text, str) or not text:
            raise SlackError("invalid_errors")
    view.errors = dict(errors)
    state.changes.note("view_errors", view=view.id, user=view.user, errors=dict(errors))
