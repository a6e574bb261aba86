"""What is said around the audit log in Slack: how to ask, what was wrong, the link, the file."""

from __future__ import annotations

from coupons.audit_words import KEYS, RIGHT, BadWord, WrongWord
from coupons.auditing import MOST_COUNTED, SignInLink
from coupons.events import Tag
from handlers.views.escaping import code, search_text, without_openids
from handlers.views.message import Message, message
from handlers.views.words import Words

#: Kept in a view, of whose 3,000 characters the pages take the rest.
_LONGEST_TEXT = 500
_EXAMPLES = (
    "#12",
    "agent:@li state:refused since:2026-10 late-10",
    "openid:oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "approver:@wang amount:>=20 on:2026-11-03",
    "物流 until:2026-09",
    "tag:click:refused since:2026-11",
)


def may_not_audit(words: Words) -> Message:
    """To somebody who is no auditor."""
    return message(
        words(
            "The audit log is open to the auditors named in coupon.toml, and you are not among them. "
            "That you asked is kept in the log."
        )
    )


def no_such(words: Words, number: int) -> Message:
    return message(words("There is no request #{number} in the log.", number=number))


def number_as_text(words: Words, number: int) -> str:
    """A number was typed alone, and no request has it."""
    return words(
        "There is no request #{number}, so I looked for the number in reasons and tickets.", number=number
    )


def too_long(words: Words, count: int) -> Message:
    return message(
        words(
            "I read {count} characters, and a question to the audit log may have {limit}. "
            "Nothing was looked up.",
            count=words.number(count),
            limit=words.number(_LONGEST_TEXT),
        )
    )


def fits(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT


def did_not_open(words: Words) -> Message:
    return message(words("Slack did not open the window with the audit log. Please type the command again."))


def on_its_way(words: Words, count: int) -> str:
    """The file was promised."""
    if count >= MOST_COUNTED:
        return words("📄 The file is on its way to your direct messages.")
    return "📄 " + words.plural(
        "A file with 1 row is on its way to your direct messages.",
        "A file with {n} rows is on its way to your direct messages.",
        count,
    )


def file_comment(words: Words, text: str, *, rows: int, cut: bool) -> str:
    """Beside the file."""
    shown = search_text(text) if text.strip() else words("everything")
    comment = words.plural(
        "Audit log, 1 row, newest first: {asked}.",
        "Audit log, {n} rows, newest first: {asked}.",
        rows,
        asked=shown,
    )
    if not cut:
        return comment
    more = words("There is more: ask for a shorter time, or use `coupon-bot audit search --all`.")
    return words.sentences(comment, more)


def file_failed(words: Words, code_: str) -> Message:
    return message(
        words(
            "Slack did not take the file with your part of the audit log ({code}). An operator must give the "
            "bot the scope `files:write` and install it again.",
            code=code(code_),
        )
    )


def link(words: Words, url: str, made: SignInLink) -> Message:
    """The one-time link; only its reader sees it."""
    return message(
        words(
            "<{url}|Open the audit log in the browser>. The link is for you alone, works once, and until "
            "{time}. Please do not pass it on.",
            url=f"{url}/sign-in?token={made.token}",
            time=words.instant(made.expires_at),
        )
    )


def how_to_ask(words: Words) -> Message:
    """`/coupon audit help`."""
    lines = [
        words("`/coupon audit` shows the newest requests; every word after it narrows. For example:"),
        *(f"• {code('/coupon audit ' + example)}" for example in _EXAMPLES),
        words("A number alone is the request of that number; in quotation marks it is a text to look for."),
        words("Keys: {keys}. Dates are of Beijing time.", keys=words.list(code(key) for key in KEYS)),
        words("`/coupon audit open` gives you a link to the audit log in the browser."),
    ]
    return message("\n".join(lines))


def bad_word(words: Words, wrong: BadWord) -> Message:
    """What was read, what is wrong, what would be right; nothing was looked up."""
    typed = code(without_openids(f"{wrong.key}:{wrong.read}" if wrong.read else wrong.key), 60)
    right = words.list(code(each) for each in wrong.right[:12])
    match wrong.wrong:
        case WrongWord.UNKNOWN_KEY | WrongWord.UNKNOWN_TAG:
            text = _unknown(words, wrong, typed, right)
        case WrongWord.NO_NUMBER:
            text = words(
                "I read {typed}, which is no request's number. It must be like {right}.",
                typed=typed,
                right=right,
            )
        case WrongWord.ONLY_SIGNS:
            text = words(
                "I read {typed}, which has no letter and no digit. Only words are found: leave it out.",
                typed=typed,
            )
        case WrongWord.NO_DAY:
            text = words("I read {right}, which have no day in common.", right=right)
        case WrongWord.TWICE:
            text = words("I read the key {typed} twice, and can look for one of them only.", typed=typed)
        case WrongWord.NOT_OF_EVENTS:
            text = words(
                "I read {typed} together with `tag` or `actor`, which ask for single events; these are "
                "narrowed by {right}.",
                typed=typed,
                right=right,
            )
        case WrongWord.BAD_VALUE if wrong.key in {"agent", "approver", "actor"}:
            text = words(
                "I read {typed}, which is nobody that Slack knows. "
                "Choose the person from the list that Slack shows after the @.",
                typed=typed,
            )
        case WrongWord.BAD_VALUE:
            text = words(
                "I read {typed}. It must be like {right}.", typed=typed, right=right or code(RIGHT["since"])
            )
    return message(words.sentences(text, words("Nothing was looked up.")))


def _unknown(words: Words, wrong: BadWord, typed: str, right: str) -> str:
    """A key or a tag; when none is like it, all are named."""
    if wrong.wrong is WrongWord.UNKNOWN_KEY:
        if right:
            return words(
                "I read {typed}, and do not know that key. Did you mean {right}?", typed=typed, right=right
            )
        keys = words.list(map(code, KEYS))
        return words("I read {typed}, and do not know that key. There are {keys}.", typed=typed, keys=keys)
    if right:
        return words(
            "I read {typed}, and no event has that tag. Did you mean {right}?", typed=typed, right=right
        )
    tags = words.list(map(code, Tag))
    return words("I read {typed}, and no event has that tag. There are {tags}.", typed=typed, tags=tags)
