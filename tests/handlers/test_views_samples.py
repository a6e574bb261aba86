"""The samples leave out no message and no tag; and the decline form, which is no message."""

from __future__ import annotations

import inspect
from types import ModuleType

from coupons.events import Tag
from handlers.views import (
    absence_replies,
    batch_answers,
    batch_card,
    batch_thread,
    card,
    command_replies,
    direct_messages,
    ephemerals,
    failures,
    inquiry_replies,
    modals,
    refusals,
    thread_replies,
)
from tests.handlers.absence_samples import absence_messages
from tests.handlers.batch_samples import batch_messages
from tests.handlers.views_samples import event_messages, events, looked_up, now_messages, other_messages
from tests.words import ENGLISH


def drawn_by(module: ModuleType) -> set[str]:
    """The module's own public functions that return a message."""
    return {
        name
        for name, thing in vars(module).items()
        if inspect.isfunction(thing)
        and thing.__module__ == module.__name__
        and not name.startswith("_")
        and thing.__annotations__.get("return") == "Message"
    }


def test_the_samples_draw_every_message_that_the_views_can_make() -> None:
    source = (
        inspect.getsource(batch_messages)
        + inspect.getsource(now_messages)
        + inspect.getsource(event_messages)
        + inspect.getsource(other_messages)
        + inspect.getsource(looked_up)
        + inspect.getsource(absence_messages)
    )
    for module in (
        absence_replies,
        batch_answers,
        batch_card,
        batch_thread,
        card,
        thread_replies,
        direct_messages,
        ephemerals,
        refusals,
        command_replies,
        failures,
        inquiry_replies,
    ):
        room = module.__name__.rpartition(".")[2]
        # `without_buttons` is drawn through `command_replies.status`.
        missing = {name for name in drawn_by(module) if f"{room}.{name}(" not in source} - {"without_buttons"}
        assert not missing


def test_the_samples_tell_every_tag_that_slack_is_told() -> None:
    tags = {each.tag for each in events()}
    not_for_slack = {
        Tag.REQUEST_CREATED,
        Tag.ATTEMPT_STARTED,
        Tag.ATTEMPT_FINISHED,
        Tag.COUPON_RECEIVED,
        Tag.COUPON_CHANGED,
        Tag.COUPON_VIEWED,
        Tag.CLICK_REFUSED,
        Tag.COMMAND_REFUSED,
        Tag.BOT_STOPPED,
    }
    # Who looked at the log is for auditors; what becomes of a batch, its own thread tells; of an absence, a
    # message to whom it is about.
    of_the_log = (
        "audit:",
        "openid:",
        "customer:",
        "console:",
        "settings:",
        "database:",
        "numbers:",
        "wechat:",
        "batch:",
        "week:",
        "absence:",
    )
    assert tags >= {tag for tag in Tag if not tag.startswith(of_the_log)} - not_for_slack


def test_the_decline_form_carries_the_request_number_and_nothing_else_of_it() -> None:
    form = modals.decline_modal(ENGLISH, 12, modals.Origin("C0APPROVE", "5.000100"))
    assert form["callback_id"] == "decline_reason"
    assert form["private_metadata"] == "12 C0APPROVE 5.000100"
    assert modals.request_of(form) == 12
    assert modals.origin_of(form) == modals.Origin("C0APPROVE", "5.000100")
    assert not modals.was_opened_from_home(form)
    from_home = modals.decline_modal(ENGLISH, 12, modals.Origin(out_request_no="cb1"))
    assert modals.origin_of(from_home) == modals.Origin(out_request_no="cb1")
    assert modals.was_opened_from_home(from_home)
    # Open since before an upgrade: it says nothing of where.
    assert modals.origin_of({"private_metadata": "12"}) == modals.Origin()
    assert modals.origin_of({"private_metadata": "12 home"}) == modals.Origin()
    assert modals.was_opened_from_home({"private_metadata": "12 home"})
    (block,) = form["blocks"]
    assert (block["block_id"], block["element"]["action_id"]) == ("reason", "text")
    assert block["element"]["max_length"] == 500
    assert not block.get("optional", False)
