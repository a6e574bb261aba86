"""The workspace as JSON for another process."""

from dataclasses import asdict
from typing import Any

from sandbox.slack.answers import Answer
from sandbox.slack.changes import Change
from sandbox.slack.deliveries import Delivery
from sandbox.slack.errors import JSON
from sandbox.slack.faults import Fault, FaultKind
from sandbox.slack.messages import Message
from sandbox.slack.running import Slack
from sandbox.slack.view_store import View


def workspace(slack: Slack) -> JSON:
    state = slack.state
    return {
        "team_id": slack.setup.team_id,
        "bot_user_id": slack.setup.bot_user_id,
        "api_url": slack.api_url,
        "people": [asdict(person) for person in state.directory.people.values()],
        "groups": [asdict(group) for group in state.directory.groups.values()],
        "channels": [
            {
                "id": c.id,
                "name": c.name,
                "kind": c.kind.value,
                "members": c.members,
                "is_archived": c.is_archived,
            }
            for c in state.conversations
        ],
        "sockets": len(slack.sockets.links),
        "last_event": state.changes.last,
    }


def message(slack: Slack, item: Message) -> JSON:
    return {
        **slack.state.message_json(item),
        "channel": item.channel,
        "visible_to": item.visible_to,
        "source": item.source,
        "deleted": item.deleted,
        "versions": [asdict(version) for version in item.versions],
    }


def view(slack: Slack, item: View) -> JSON:
    return {
        **slack.state.views.json(item),
        "user": item.user,
        "open": item.open,
        "ended_by": item.ended_by,
        "errors": item.errors,
        "problem": item.problem,
    }


def delivery(item: Delivery) -> JSON:
    return asdict(item)


def change(item: Change) -> JSON:
    return asdict(item)


def answer(slack: Slack, item: Answer) -> JSON:
    """What an act led to, with the modal it left on top of the person's screen."""
    stack = slack.state.views.stack(item.user)
    return {
        "error": item.error,
        "elapsed": item.elapsed,
        "ack": item.ack,
        "text": item.text,
        "ephemeral": item.ephemeral,
        "confirm": item.confirm,
        "shown": [message(slack, shown) for shown in item.shown],
        "deliveries": [each.id for each in item.deliveries],
        "modal": view(slack, stack[-1]) if stack else None,
    }


def fault(body: dict[str, Any]) -> Fault:
    """Raises ValueError for a kind there is not."""
    return Fault(
        FaultKind(str(body.get("kind"))),
        seconds=float(body.get("seconds", 0)),
        status=int(body.get("status", 500)),
        error=str(body.get("error", "")),
    )
