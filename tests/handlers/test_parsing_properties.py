"""What holds for every text, found by trying many."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from handlers.cleaning import Undone
from handlers.misread import Misread
from handlers.parsing import Cancel, Command, Retry, Send, Status, parse

ALPHABET = string.ascii_letters + string.digits + "_-"
OPENID = st.text(ALPHABET, min_size=16, max_size=64)
NOISE = "\u200b\u200d\u2060\ufeff\u00ad\u202e"
#: Pieces in which the grammar's special cases meet more often than in arbitrary text.
PIECES = st.sampled_from(
    [
        *["send ", "ＳＥＮＤ　", "status ", "cancel", " ", "\n", "\u00a0", ",", "、", "，", "＃", "#", "12"],
        *[
            "oAbC-1_dEfGhIjKlMnOpQrStUvWx",
            "ｏＡｂＣ",
            "—",
            "--",
            "…",
            "²",
            "①",
            "_",
            "\u200b",
            "\ud800",
            "\x00",
        ],
        *["<http://", "<@U1", "<#", "<!", "<tel:", "|", ">", "&amp;", "&lt;", "&gt;", "`", "*", "~", "'"],
        *['"', "“", "”", "‘", "’", "「", "」", "late-10", "customer's"],
    ]
)
PASTED = st.lists(PIECES | st.text(st.characters(exclude_categories=()), max_size=5), max_size=30).map(
    "".join
)


def slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(PASTED)
def test_any_text_is_read_or_refused_and_never_raises(text: str) -> None:
    for command in (parse(text), parse("send oAbC-1_dEfGhIjKlMnOpQrStUvWx " + text), parse("status " + text)):
        if isinstance(command, Send):
            assert re.fullmatch(r"[0-9A-Za-z_-]{16,64}", command.openid)
            assert command.stock
            assert len(command.reason) <= 500
            # Whatever is kept can be stored: a lone surrogate could not.
            (command.stock + command.reason).encode()
        elif isinstance(command, Status | Cancel | Retry):
            assert 0 < command.request < 2**63
        elif isinstance(command, Misread):
            command.read.encode()


@given(OPENID, st.text(ALPHABET + "￥元迟到", min_size=1), st.text(max_size=500))
def test_a_cleanly_composed_command_comes_back_exactly(openid: str, stock: str, reason: str) -> None:
    words = re.sub(r"[^\w!?.()<>&;:@#|/+=，。、,'-]+", " ", reason.replace("\x85", " ")).strip(" ,，、'")
    words = " ".join(words.split())
    assert parse(slack_escaped(f"send {openid} {stock} {words}")) == Send(openid, stock, words)


@given(PASTED, OPENID, st.text(NOISE + "`*~_\"'“”‘’—–…²①ｏ－＿о.", max_size=4), st.integers(0, 64))
def test_an_openid_is_a_piece_of_what_was_typed_and_never_repaired(
    before: str, openid: str, between: str, at: int
) -> None:
    typed = openid[:at] + between + openid[at:]
    for text in (f"send {typed} late-10", f"send `{typed}` late-10", f"send {before}{typed} late-10"):
        command = parse(text)
        if isinstance(command, Send):
            assert command.openid in seen_in(text)


@given(OPENID, st.integers(0, 64), st.text(NOISE, min_size=1, max_size=3))
def test_invisible_characters_never_change_who_is_paid(openid: str, at: int, noise: str) -> None:
    typed = openid[:at] + noise + openid[at:]
    assert parse(f"send {typed} late-10") == Send(openid, "late-10", "", (Undone.INVISIBLE,))


@given(OPENID, st.integers(0, 64), st.sampled_from("—–−…“”‘’²①𝐨ﬁ.@о客"))
def test_a_visible_stranger_inside_an_openid_is_never_dropped(openid: str, at: int, stranger: str) -> None:
    command: Command = parse(f"send {openid[:at]}{stranger}{openid[at:]} late-10")
    assert isinstance(command, Misread)


@given(st.sampled_from([Status, Cancel, Retry]), st.integers(1, 10**18 - 1), st.sampled_from(["", "#", "＃"]))
def test_every_request_number_comes_back(kind: type[Status | Cancel | Retry], number: int, sign: str) -> None:
    assert parse(f"{kind.__name__} {sign}{number}") == kind(number)


def seen_in(text: str) -> str:
    """What a person sees of the text, by other means than the parser's: no invisible ones, ASCII width."""
    without = re.sub(r"<[^<>|]*\|([^<>]*)>", r"\1", text)
    without = re.sub(r"[\u200b-\u200f\u2060-\u206f\u202a-\u202e\ufeff\u00ad\u061c\u180e]", "", without)
    without = "".join(c for c in without if c.isspace() or (c >= " " and not 0x7F <= ord(c) <= 0x9F))
    return "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in without)
