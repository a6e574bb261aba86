"""Events of the bot, of the log itself, of calls by hand and of the console, as short sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coupons.events import Tag
from coupons.recording import SYSTEM
from handlers.views import causes
from handlers.views.rendering import EventWords
from handlers.views.translations import N_


def _settings(words: EventWords) -> str:
    changes = [
        words("changed {changed}") if words.names("changed") else "",
        words("added {added}") if words.names("added") else "",
        words("removed {removed}") if words.names("removed") else "",
    ]
    return words(
        "settings differ from the last start: {changes}", changes="; ".join(filter(None, changes)) or "…"
    )


_RESTORED: Mapping[str, str] = {
    "key": N_("sending was paused: the checkpoint of event {posted_seq} was signed with another key ({key})"),
    "rewritten": N_("sending was paused: the log does not hold event {posted_seq} as it was posted"),
    "tail": N_(
        "sending was paused: the log ended at event {head_seq}, and event {posted_seq} had been posted"
    ),
}


def _restored(words: EventWords) -> str:
    return words(_RESTORED.get(words.text("kind"), _RESTORED["tail"]))


def _reconciled(words: EventWords) -> str:
    found = words.event.detail.get("found")
    if not isinstance(found, Mapping):
        return words("{who} compared the log with WeChat Pay")
    counts = words.list(f"{words.code(verdict)} {count}" for verdict, count in found.items()) or "…"
    if words.text("month"):
        return words("{who} compared the log of {month} with WeChat Pay, by {by}: {counts}", counts=counts)
    return words("{who} compared the whole log with WeChat Pay, by {by}: {counts}", counts=counts)


def _week(words: EventWords) -> str:
    people = words.list(map(words.person, words.names("people"))) or words.code("")
    if words.event.actor == SYSTEM:
        return words("the figures of the week were promised to {people}", people=people)
    return words("{who} asked for the figures of the week")


def _audit_refused(words: EventWords) -> str:
    action = causes.LOG_ACTIONS.get(words.text("action"))
    if action is None:
        return words("{who} asked for the audit log and may not see it")
    return words("{who} wanted to {action} and is no auditor", action=words(action))


def _erased(words: EventWords) -> str:
    if not words.whole("days"):
        return words("{who} erased customer {customer}")
    return words.plural(
        "customer {customer} was erased, since nobody asked for them for 1 day",
        "customer {customer} was erased, since nobody asked for them for {n} days",
        words.whole("days"),
    )


def _console_refused(words: EventWords) -> str:
    reason = causes.SIGN_INS.get(words.text("reason"))
    if reason is None:
        return words("a sign-in to the console was refused")
    who = words("somebody") if words.event.actor == SYSTEM else words.who()
    return words("{who} was not let into the console: {reason}", who=who, reason=words(reason))


def _answered(words: EventWords) -> str:
    if words.whole("status"):
        answered = [words("WeChat Pay answered the call of event {call}: HTTP {status}"), words.signature()]
    else:
        answered = [words("no answer of WeChat Pay's came to the call of event {call}")]
    problem = words.text("problem")
    meant = causes.OURS.get(problem)
    return words.list([*answered, words(meant) if meant else words.code(problem) if problem else ""])


#: As the table of `handlers.views.story`, of which it is a part.
SENTENCES: Mapping[str, tuple[str, ...] | Callable[[EventWords], str]] = {
    Tag.SENDING_PAUSED: (N_("{who} paused sending: “{reason}”"), N_("{who} paused sending")),
    Tag.SENDING_RESUMED: (N_("{who} resumed sending"),),
    Tag.ABSENCE_BEGAN: (
        N_("{who} went away until {until}, and asked {deputy} to decide in their place"),
        N_("{who} went away until {until}"),
        N_("{who} went away"),
    ),
    Tag.ABSENCE_ENDED: (N_("the absence of {person} ended"), N_("{who} is back")),
    Tag.BOT_STARTED: (N_("the bot started, version {version} with SQLite {sqlite}"), N_("the bot started")),
    Tag.BOT_STOPPED: (N_("the bot stopped"),),
    Tag.SETTINGS_CHANGED: _settings,
    Tag.CLOCK_DOUBTED: (
        N_("the machine's clock was in doubt, off by {ahead_ms}: nothing expired and nobody was forgotten"),
        N_("the machine's clock was in doubt: nothing expired and nobody was forgotten"),
    ),
    Tag.CLOCK_CONFIRMED: (N_("the machine's clock was believed again"),),
    Tag.DATABASE_RESTORED: _restored,
    Tag.NUMBERS_RAISED: (
        N_(
            "requests are numbered from above #{seen}, which Slack shows: this file had given out "
            "#{given_out} at most"
        ),
    ),
    Tag.AUDIT_CHECKPOINT: (N_("a checkpoint of the log was signed, at #{seq}"),),
    Tag.AUDIT_KEY_CHANGED: (
        N_("{who} changed the key that signs checkpoints to {key}, since {lost} was lost"),
        N_("{who} changed the key that signs checkpoints to {key}, as the one before signed"),
        N_("the key that signs checkpoints was changed"),
    ),
    Tag.AUDIT_SEARCHED: (
        N_("{who} searched the audit log for {wanted}: {found} found"),
        N_("{who} searched the audit log for {wanted}"),
        N_("{who} searched the audit log"),
    ),
    Tag.AUDIT_VIEWED: (
        N_("{who} looked at the page {page} of the audit log: {words}"),
        N_("{who} looked at the page {page} of the audit log"),
        N_("{who} looked at events of the audit log: {words}"),
        N_("{who} looked at the newest {newest} events of the audit log"),
        N_("{who} looked at it in the audit log"),
    ),
    Tag.AUDIT_EXPORTED: (
        N_("{who} took along from the audit log: {wanted}"),
        N_("{who} took the audit log along, event {first} to {last}, whose hash begins with {head}"),
        N_("{who} took the audit log along, event {first} to {last}"),
        N_("{who} took a part of the audit log along"),
    ),
    Tag.AUDIT_REPORTED: (
        N_("{who} made the report of {month}, as {format}"),
        N_("{who} made the report of {month}"),
        N_("{who} made a report"),
    ),
    Tag.AUDIT_RECONCILED: _reconciled,
    Tag.WEEK_REPORTED: _week,
    Tag.AUDIT_REFUSED: _audit_refused,
    Tag.OPENID_VIEWED: (N_("{who} looked at the whole openid of customer {customer}"),),
    Tag.CUSTOMER_ERASED: _erased,
    Tag.WECHAT_CALLED: (N_("{who} called WeChat Pay by hand: {method} {path}"),),
    Tag.WECHAT_ANSWERED: _answered,
    Tag.CONSOLE_LINK_MADE: (N_("{who} asked for a link to the console"),),
    Tag.CONSOLE_SIGNED_IN: (N_("{who} signed in to the console"),),
    Tag.CONSOLE_REFUSED: _console_refused,
}
