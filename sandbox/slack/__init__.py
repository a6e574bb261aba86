"""A Slack workspace on loopback: Web API, Socket Mode and HTTP mode over real sockets, at least as strict as
Slack itself, with people who can be told what to do and bad days that can be ordered."""

from sandbox.slack.acting import Actor
from sandbox.slack.answers import Answer
from sandbox.slack.clock import ManualClock
from sandbox.slack.deliveries import Delivery, Kind, Twice
from sandbox.slack.errors import CannotDoError, FieldsError, SlackError
from sandbox.slack.faults import (
    Fault,
    api_error,
    cut_after,
    cut_before,
    rate_limited,
    server_error,
    slow,
    slow_answer,
)
from sandbox.slack.messages import Message
from sandbox.slack.running import Slack
from sandbox.slack.setup import Channel, CommandWords, Person, Setup, Shortcut, ShortcutType, UserGroup
from sandbox.slack.transcript import Transcript
from sandbox.slack.view_store import View
from sandbox.slack.workspace import Workspace

__all__ = [
    "Actor",
    "Answer",
    "CannotDoError",
    "Channel",
    "CommandWords",
    "Delivery",
    "Fault",
    "FieldsError",
    "Kind",
    "ManualClock",
    "Message",
    "Person",
    "Setup",
    "Shortcut",
    "ShortcutType",
    "Slack",
    "SlackError",
    "Transcript",
    "Twice",
    "UserGroup",
    "View",
    "Workspace",
    "api_error",
    "cut_after",
    "cut_before",
    "rate_limited",
    "server_error",
    "slow",
    "slow_answer",
]
