"""The tables of coupon.toml, and what each value must look like."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from coupons.model import CodeMode
from coupons.policy import WhenReached
from coupons.tickets import PLACE
from handlers.cleaning import drop_invisible, fold_width

#: A century. More is a slip, and would leave the range of SQLite's integers.
_MOST_DAYS: Final = 36_500
_MOST: Final = 2**31 - 1
CHANNEL: Final = "a channel's id (C... or G...), not its name"
STOCK_ID: Final = "the stock's number at WeChat Pay, at most 20 digits in quotation marks"
_URL: Final = (
    "an address that begins with https:// (or http:// on this machine), without ? and #, and whose path is "
    "none of the bot's or the console's own, such as /slack or /log; /audit would do"
)
#: How the bot's HTTP side and the console's pages begin: behind one name nothing could tell them apart.
_TAKEN: Final = (
    r"(?:healthz|readyz|metrics|wechatpay|slack|v1"
    r"|log|search|charts|month|request|sign-in|sign-out)(?:[/.]|$)"
)
_TICKET_URL: Final = (
    "an address that begins with https:// and a host, and has {ticket} once in the path or behind it, like "
    "https://desk.example.com/tickets/{ticket}"
)
_PATTERN_RIGHT: Final = (
    "a regular expression that fits a whole ticket, such as [A-Z]+-[0-9]+: at most 200 characters and four "
    "repetitions, none of a group, and it must not fit nothing at all"
)
#: Of a listed reason: a person's own words come after it, and both stand in one line.
_WORDING: Final = 50
#: What Slack shows of an option.
_OPTION: Final = 75
_PATTERN: Final = 200
_REPEATS: Final = 4
#: Of one part: more than any group of approvers has.
MOST_APPROVALS: Final = 100
#: What a card can name.
MOST_PARTS: Final = 10
#: How `approvals` may be written: one number, or a list of tables.
FORMS: Final = ("form:number", "form:parts")
_PERSON: Final = "the id of a user (U... or W...) or a user group (S...), not a name"


def _form(pattern: str, right: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(right)
        return text

    return AfterValidator(check)


def _typeable(alias: str) -> str:
    if re.search(r"\s", alias) or not alias or alias != fold_width(drop_invisible(alias)):
        raise ValueError("one word without spaces, full-width letters or invisible characters")
    return alias


def _first_word(name: str) -> str:
    if not re.fullmatch(r"[\w-]{1,20}", _typeable(name)):
        raise ValueError("one word of at most 20 letters, digits, - and _, as people type it")
    return name


def _short(wording: str) -> str:
    if len(wording) > _WORDING:
        raise ValueError(f"a few words, at most {_WORDING} characters")
    return wording


def _pattern(pattern: str) -> str:
    try:
        empty = re.fullmatch(pattern, "") is not None
    except re.error as error:
        raise ValueError(f"a regular expression of Python's ({error})") from None
    # What is counted stands outside of brackets and escapes. A repeated group, or many repetitions, may take
    # a text of a hundred characters longer than anybody waits.
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    if (
        empty
        or len(pattern) > _PATTERN
        or re.search(r"\)[*+{]", bare)
        or len(re.findall("[*+{]", bare)) > _REPEATS
    ):
        raise ValueError(_PATTERN_RIGHT)
    return pattern


def _ticket_address(url: str) -> str:
    host, place, rest = url.removeprefix("https://").partition(PLACE)
    is_whole = bool(place) and PLACE not in rest and "/" in host and not re.search(r"[{}]", host + rest)
    if not is_whole or not re.fullmatch(r"https://[0-9A-Za-z.-]+(:[0-9]+)?/[!-~]{1,300}", url):
        raise ValueError(_TICKET_URL)
    if re.search(r"[<>|\"`'\\]", url):
        raise ValueError(_TICKET_URL)
    return url


def _with_code(sentence: str) -> str:
    if "{code}" not in sentence or re.search(r"[{}]", sentence.replace("{code}", "")):
        raise ValueError("a sentence with {code} where the coupon code belongs, and no other braces")
    return sentence


TicketPattern = Annotated[str, AfterValidator(_pattern)]
TicketUrl = Annotated[str, AfterValidator(_ticket_address)]
_TIME: Final = "a time in Beijing like 09:00"
_Year = Annotated[str, _form(r"20\d\d", "a year like 2027")]
_DayOfYear = Annotated[
    str, _form(r"\d\d-\d\d(\.\.\d\d-\d\d)?", "a day like 10-01, or days like 10-01..10-07, of that year")
]
Channel = Annotated[str, _form("[CG][A-Z0-9]+", CHANNEL)]
_Somebody = Annotated[str, _form("[UWS][A-Z0-9]+", _PERSON)]
_People = list[_Somebody]
_Fen = Annotated[int, Field(ge=1, le=_MOST)]
_Count = Annotated[int, Field(ge=1, le=_MOST)]
_Days = Annotated[int, Field(ge=1, le=_MOST_DAYS)]
_Hours = Annotated[float, Field(gt=0, le=_MOST_DAYS * 24, allow_inf_nan=False)]
_Sentence = Annotated[
    str,
    _form(r"(?=.*\S)[^\x00-\x1f\x7f\u2028\u2029]{1,300}", "some words on one line, at most 300 characters"),
]


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class RolesTable(Table):
    agents: _People = []
    approvers: _People = []
    auditors: _People = []


class CustomerWordsTable(Table):
    en: Annotated[_Sentence, AfterValidator(_with_code)] | None = None
    zh: Annotated[_Sentence, AfterValidator(_with_code)] | None = None


class ReasonTable(Table):
    # The first word of a reason, as people type it.
    name: Annotated[str, AfterValidator(_first_word)]
    en: Annotated[_Sentence, AfterValidator(_short)]
    zh: Annotated[_Sentence, AfterValidator(_short)]


class DeclineReasonTable(Table):
    # A menu shows no more.
    en: Annotated[_Sentence, Field(max_length=_OPTION)]
    zh: Annotated[_Sentence, Field(max_length=_OPTION)]


class RequiredTable(Table):
    reason_from_fen: _Fen | None = None
    ticket_from_fen: _Fen | None = None


class StockTable(Table):
    stock_id: Annotated[str, _form("[0-9A-Za-z_-]{1,20}", STOCK_ID)]
    # One word of a command: `/coupon send <openid> <stock>`.
    alias: Annotated[str, AfterValidator(_typeable)]
    name: Annotated[str, _form(r"(?=.*\S)[^\x00-\x1f\x7f\u2028\u2029]+", "some words on one line")]
    value_fen: _Fen
    code_mode: Annotated[CodeMode, Field(strict=False)]
    valid_days: _Days | None = None
    customer_words: CustomerWordsTable = CustomerWordsTable()
    # For whoever asks and whoever approves.
    warn: _Sentence | None = None


class CustomerTotalTable(Table):
    fen: _Fen
    days: _Days


class PerDayTable(Table):
    count: _Count
    fen: _Fen


class PartTable(Table):
    """So many of these people, beside those of the other parts."""

    of: _People = Field(min_length=1)
    count: Annotated[int, Field(ge=1, le=MOST_APPROVALS)] = 1


class RuleTable(Table):
    max_value_fen: _Fen | None = None
    stocks: list[str] = []
    requesters: _People = []
    max_customer_total: CustomerTotalTable | None = None
    # The tags stand in the places of pydantic's errors, and nowhere else.
    approvals: Annotated[
        Annotated[Annotated[int, Field(ge=0, le=_MOST)], Tag(FORMS[0])]
        | Annotated[Annotated[list[PartTable], Field(min_length=1, max_length=MOST_PARTS)], Tag(FORMS[1])],
        Discriminator(lambda found: FORMS[isinstance(found, list)]),
    ]
    in_order: bool = False
    per_day: PerDayTable | None = None
    approvers: _People = []

    @property
    def parts(self) -> list[PartTable]:
        """Of several groups; none where one number says all."""
        return self.approvals if isinstance(self.approvals, list) else []

    @property
    def needed(self) -> int:
        """How many approvals, whatever the form."""
        if isinstance(self.approvals, list):
            return sum(part.count for part in self.approvals)
        return self.approvals


class LimitTable(Table):
    count: _Count | None = None
    fen: _Fen | None = None
    days: _Days
    when_reached: Annotated[WhenReached, Field(strict=False)] = WhenReached.REFUSE

    @model_validator(mode="after")
    def _limits_something(self) -> LimitTable:
        if self.count is None and self.fen is None:
            raise ValueError("a table with count (requests), fen (their value together), or both")
        return self


class LimitsTable(Table):
    per_customer: LimitTable | None = None
    per_agent: LimitTable | None = None
    per_stock: LimitTable | None = None
    budget: LimitTable | None = None


class ExpiryTable(Table):
    hours: _Hours = 24


class DuplicatesTable(Table):
    hours: float = Field(default=24, ge=0, le=_MOST_DAYS * 24, allow_inf_nan=False)


class RemindersTable(Table):
    hours: list[_Hours] = []
    escalate_hours: _Hours | None = None
    escalate_to: _Somebody | None = None


class HoursTable(Table):
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = ["mon", "tue", "wed", "thu", "fri"]
    begins: Annotated[str, Field(alias="from"), _form(r"([01]\d|2[0-3]):[0-5]\d", _TIME)]
    ends: Annotated[str, Field(alias="to"), _form(r"([01]\d|2[0-3]):[0-5]\d|24:00", _TIME)]
    # By year, as the State Council announces them in the November before.
    holidays: dict[_Year, list[_DayOfYear]] = {}
    make_up_days: dict[_Year, list[_DayOfYear]] = {}


class HomeTable(Table):
    approve_together_fen: int = Field(default=0, ge=0, le=_MOST)


class WeekTable(Table):
    # In Beijing.
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hour: int = Field(default=9, ge=0, le=23)


class AuditTable(Table):
    # Where browsers reach `coupon-bot audit serve`.
    console_url: Annotated[str, _form(rf"https?://[^\s/?#]+(/(?!{_TAKEN})[^\s?#]*)?", _URL)] = (
        "http://127.0.0.1:8001"
    )
    # Who may write SQL there, among the auditors.
    console_sql: _People = []
    checkpoint_events: Annotated[int, Field(ge=1, le=_MOST)] = 1000


class SendingTable(Table):
    # WeChat Pay takes 500 a second in this family. A call has a connection of its own: `wechatpay.transport`
    # keeps 100, of which lookups need some.
    per_second: Annotated[int, Field(ge=1, le=500)] = 400
    at_once: Annotated[int, Field(ge=1, le=90)] = 64


class CouponStatesTable(Table):
    daily: bool = False
    # Beside the sends, which go first; a day has 86,400 seconds.
    per_second: Annotated[float, Field(ge=0.1, le=20, allow_inf_nan=False)] = 2.0


class RetentionTable(Table):
    openid_days: _Days | None = None
