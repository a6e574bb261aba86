"""Text that goes into Slack's mrkdwn, so that only we format, mention and link.

Slack knows three escapes and no more: there is none for `*`, `_`, `~` and the backtick. What people typed at
length therefore goes into rich_text (`message.quote`), where nothing is parsed; short names go through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from coupons.masking import masked
from coupons.recording import SYSTEM
from handlers.cleaning import drop_invisible

if TYPE_CHECKING:
    from handlers.views.words import Words

#: People named in one line; the rest are counted.
_NAMED = 20
_NAME_LONGEST = 80
_CODE_LONGEST = 64
_WORDS_LONGEST = 500

#: Full-width twins look alike, format nothing, and `handlers.parsing` reads them back when pasted.
_TWINS = str.maketrans("*_~`", "＊＿～｀")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
#: A cut escape (`&am`) or a cut mention or date (`<!date^17`) at the end.
_CUT_OPEN = re.compile(r"(?:&[a-z]{0,4}|<[^<>]*)\Z")
_USER = re.compile(r"[UW][0-9A-Z]{1,30}")
_GROUP = re.compile(r"S[0-9A-Z]{1,30}")
_MENTION = re.compile(r"<@([UW][0-9A-Z]{1,30})(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"[CGD][0-9A-Z]{1,30}")
_TS = re.compile(r"[0-9]+\.[0-9]+")
_ADDRESS = re.compile(r"https://[0-9a-z.-]+/")
_OPENID = re.compile(
    # From the beginning of a word with a capital in it, else from its first `o`. A word is looked at once.
    r"(?<![0-9A-Za-z_-])(?=[0-9a-z_-]*[A-Z])[0-9A-Za-z_-]{16,}|o[0-9A-Za-z_-]{15,}"
)


def plain(text: str, limit: int) -> str:
    """One line of visible characters, none of which turns the reading direction round."""
    line = " ".join(drop_invisible(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def escape(text: str) -> str:
    """The three characters that begin mentions, links and escapes. Do this before any cut."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(mrkdwn: str, limit: int) -> str:
    """At most `limit` code points, never ending inside an escape or a mention."""
    return mrkdwn if len(mrkdwn) <= limit else _CUT_OPEN.sub("", mrkdwn[: limit - 1]) + "…"


def inert(text: str, limit: int = _NAME_LONGEST) -> str:
    """A name inside mrkdwn, at most five times `limit` long: it formats, mentions and pictures nothing."""
    return escape(_EMOJI.sub("：", plain(text, limit).translate(_TWINS)))


def code(text: str, limit: int = _CODE_LONGEST) -> str:
    """A code span; a backtick, which would end it, becomes an apostrophe."""
    return f"`{escape(plain(text, limit).replace('`', chr(39))) or '…'}`"


def search_text(words: str) -> str:
    """What was typed after `/coupon audit`: a code span, in which a mention can only be its name."""
    return code(_MENTION.sub(lambda found: f"@{found[2] or found[1]}", words), 300)


def without_openid(text: str, openid: str) -> str:
    """A person's own words, in which this customer's openid is masked."""
    return drop_invisible(text).replace(openid, masked(openid)) if openid else text


def own_words(text: str, openid: str, limit: int = _WORDS_LONGEST) -> str:
    """A person's reason where only mrkdwn can stand; elsewhere `message.quote` shows it better."""
    return inert(without_openid(text, openid), limit)


def may_be_openid(word: str) -> bool:
    """Whether a word looks like one: long, of the right characters, and no number."""
    return _OPENID.fullmatch(word) is not None


def without_openids(text: str) -> str:
    """What somebody typed, with everything that may be an openid masked."""
    return _OPENID.sub(lambda found: masked(found[0]), drop_invisible(text))


def person(user_id: str) -> str:
    """A mention; anything that is no Slack user id is shown as it is."""
    return f"<@{user_id}>" if _USER.fullmatch(user_id) else code(user_id)


def person_or_bot(words: Words, actor: str) -> str:
    """As `person`, of what the bot itself does too."""
    return words("The bot") if actor == SYSTEM else person(actor)


def approver(entry: str) -> str:
    """A mention of a person or of a user group, as coupon.toml names them."""
    return f"<!subteam^{entry}>" if _GROUP.fullmatch(entry) else person(entry)


def channel(channel_id: str) -> str:
    """A link to a channel."""
    return f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else code(channel_id)


def message_link(workspace_url: str, channel_id: str, ts: str, label: str) -> str:
    """A link to a message, as Slack itself writes it; without the workspace's address only the label."""
    places = _CHANNEL.fullmatch(channel_id) and _TS.fullmatch(ts)
    if not (places and _ADDRESS.fullmatch(workspace_url)):
        return inert(label)
    return f"<{workspace_url}archives/{channel_id}/p{ts.replace('.', '')}|{inert(label)}>"


def listed(words: Words, mentions: Iterable[str]) -> str:
    """Mentions as a list; after twenty only how many more there are."""
    each = list(mentions)
    rest = len(each) - _NAMED
    return words.list(each[:_NAMED]) + (f" (+{rest})" if rest > 0 else "")
