"""Events of the bot, of the log itself, of calls by hand and of the console, as short sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coupons.events import Tag
from coupons.recording import SYSTEM
from handlers.views import causes
from handlers.views.rendering import EventWords
from handlers.views.translatable import N_

# --- the bot


def _started(words: EventWords) -> str:
    if not words.text("version"):
        return words("the bot started")
    return words("the bot started, version {version} with SQLite {sqlite}")


def _settings(words: EventWords) -> str:
    changes = [
        words("changed {changed}") if words.names("changed") else "",
        words("added {added}") if words.names("added") else "",
        words("removed {removed}") if words.names("removed") else "",
    ]
    return words(
        "settings differ from the last start: {changes}", changes="; ".join(filter(None, changes)) or "…"
    )


def _doubted(words: EventWords) -> str:
    ahead = words.whole("ahead_ms")
    if not ahead:
        return words("the machine's clock was in doubt: nothing expired and nobody was forgotten")
    return words(
        "the machine's clock was in doubt, off by {time}: nothing expired and nobody was forgotten",
        time=words.time(ahead),
    )


def _numbers_raised(words: EventWords) -> str:
    return words(
        "requests are numbered from above #{seen}, which Slack shows: this file had given out #{given_out} "
        "at most"
    )


def _restored(words: EventWords) -> str:
    if words.text("kind") == "key":
        return words(
            "sending was paused: the checkpoint of event {posted_seq} was signed with another key ({key})"
        )
    if words.text("kind") == "rewritten":
        return words("sending was paused: the log does not hold event {posted_seq} as it was posted")
    return words(
        "sending was paused: the log ended at event {head_seq}, and event {posted_seq} had been posted"
    )


def _key_changed(words: EventWords) -> str:
    if not words.text("key"):
        return words("the key that signs checkpoints was changed")
    changed = words(
        "{who} changed the key that signs checkpoints to {key}", key=words.code(f"{words.text('key')[:16]}…")
    )
    if words.text("before"):
        return words("{sentence}, as the one before signed", sentence=changed)
    return words("{sentence}, since {lost} was lost", sentence=changed)


# --- looks at the log


_PLACES: Mapping[str, str] = {
    "slack": N_("{sentence}, in Slack"),
    "browser": N_("{sentence}, in the browser"),
}


def _there(words: EventWords, sentence: str) -> str:
    """With where it was done: `who` tells of the command line."""
    where = _PLACES.get(words.text("where"))
    return words(where, sentence=sentence) if where else sentence


def _searched(words: EventWords) -> str:
    wanted = _wanted(words)
    if not wanted:
        return _there(words, words("{who} searched the audit log"))
    searched = words("{who} searched the audit log for {wanted}", wanted=wanted)
    if "found" in words.event.detail:
        searched = words("{sentence}: {found} found", sentence=searched)
    return _there(words, searched)


def _viewed(words: EventWords) -> str:
    wanted = _wanted(words)
    if words.text("page"):
        viewed = words("{who} looked at the page {wanted} of the audit log", wanted=wanted)
    elif wanted:
        viewed = words("{who} looked at events of the audit log: {wanted}", wanted=wanted)
    elif words.whole("newest"):
        viewed = words("{who} looked at the newest {newest} events of the audit log")
    else:
        viewed = words("{who} looked at it in the audit log")
    return _there(words, viewed)


def _exported(words: EventWords) -> str:
    wanted = _wanted(words)
    if wanted:
        exported = words("{who} took along from the audit log: {wanted}", wanted=wanted)
    elif not words.whole("last"):
        exported = words("{who} took a part of the audit log along")
    else:
        exported = words(
            "{who} took the audit log along, event {first} to {last}, whose hash begins with {head}",
            head=words.code(words.text("head")[:16]),
        )
    return _there(words, exported)


def _wanted(words: EventWords) -> str:
    """What a look was for: words as they were typed, or a page of the console."""
    page, typed = words.text("page"), words.text("words")
    if page or typed.strip():
        return words.list([words.code(page) if page else "", words.search(typed) if typed.strip() else ""])
    everything = words.event.tag != Tag.AUDIT_VIEWED and "words" in words.event.detail
    return words("everything") if everything else ""


def _reported(words: EventWords) -> str:
    if not words.text("month"):
        return _there(words, words("{who} made a report"))
    return _there(words, words("{who} made the report of {month}, as {format}"))


def _reconciled(words: EventWords) -> str:
    found = words.event.detail.get("found")
    if not isinstance(found, Mapping):
        return words("{who} compared the log with WeChat Pay")
    counts = words.list(f"{words.code(verdict)} {count}" for verdict, count in found.items()) or "…"
    if words.text("month"):
        return words("{who} compared the log of {month} with WeChat Pay, by {by}: {counts}", counts=counts)
    return words("{who} compared the whole log with WeChat Pay, by {by}: {counts}", counts=counts)


def _audit_refused(words: EventWords) -> str:
    action = causes.LOOKS.get(words.text("action"))
    if action is None:
        return _there(words, words("{who} asked for the audit log and may not see it"))
    return _there(words, words("{who} wanted to {action} and is no auditor", action=words(action)))


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


# --- calls to WeChat Pay by hand


def _called(words: EventWords) -> str:
    call = words.code(f"{words.text('method')} {words.text('path')}")
    return words("{who} called WeChat Pay by hand: {call}", call=call)


def _answered(words: EventWords) -> str:
    if words.whole("status"):
        answered = [words("WeChat Pay answered the call of event {call}: HTTP {status}"), words.signature()]
    else:
        answered = [words("no answer of WeChat Pay's came to the call of event {call}")]
    problem = words.text("problem")
    meant = causes.OURS.get(problem)
    return words.list([*answered, words(meant) if meant else words.code(problem) if problem else ""])


#: As the table of `handlers.views.story`, of which it is a part.
SENTENCES: Mapping[str, str | Callable[[EventWords], str]] = {
    Tag.BOT_STARTED: _started,
    Tag.BOT_STOPPED: N_("the bot stopped"),
    Tag.SETTINGS_CHANGED: _settings,
    Tag.CLOCK_DOUBTED: _doubted,
    Tag.CLOCK_CONFIRMED: N_("the machine's clock was believed again"),
    Tag.DATABASE_RESTORED: _restored,
    Tag.NUMBERS_RAISED: _numbers_raised,
    Tag.AUDIT_CHECKPOINT: N_("a checkpoint of the log was signed, at #{seq}"),
    Tag.AUDIT_KEY_CHANGED: _key_changed,
    Tag.AUDIT_SEARCHED: _searched,
    Tag.AUDIT_VIEWED: _viewed,
    Tag.AUDIT_EXPORTED: _exported,
    Tag.AUDIT_REPORTED: _reported,
    Tag.AUDIT_RECONCILED: _reconciled,
    Tag.AUDIT_REFUSED: _audit_refused,
    Tag.OPENID_VIEWED: lambda words: _there(
        words, words("{who} looked at the whole openid of customer {customer}")
    ),
    Tag.CUSTOMER_ERASED: _erased,
    Tag.WECHAT_CALLED: _called,
    Tag.WECHAT_ANSWERED: _answered,
    Tag.CONSOLE_LINK_MADE: N_("{who} asked for a link to the console"),
    Tag.CONSOLE_SIGNED_IN: N_("{who} signed in to the console"),
    Tag.CONSOLE_REFUSED: _console_refused,
}
