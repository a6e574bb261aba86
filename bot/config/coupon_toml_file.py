"""The whole of coupon.toml: its tables beside each other, and what belongs together in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from bot.config import coupon_toml_checks as checks
from bot.config.coupon_toml_tables import (
    AuditTable,
    Channel,
    CouponStatesTable,
    DeclineReasonTable,
    DuplicatesTable,
    ExpiryTable,
    HomeTable,
    HoursTable,
    LimitsTable,
    ReasonTable,
    RemindersTable,
    RequiredTable,
    RetentionTable,
    RolesTable,
    RuleTable,
    SendingTable,
    StockTable,
    Table,
    TicketPattern,
    TicketUrl,
    WeekTable,
)
from bot.config.hours import hours_problems


class File(Table):
    """What pydantic reads the file into. Its checks raise `Several`."""

    approval_channel: Channel
    audit_channel: Channel | None = None
    language: Literal["en", "zh-CN"] = "en"
    ticket_pattern: TicketPattern | None = None
    # After `ticket_pattern`, which its check looks at.
    ticket_url: TicketUrl | None = None
    roles: RolesTable = RolesTable()
    stock: list[StockTable] = Field(default=[])
    # After `roles` and `stock`, which its check looks at; validated also when there is none.
    rule: list[RuleTable] = Field(default=[], validate_default=True)
    reason: list[ReasonTable] = Field(default=[])
    decline_reason: list[DeclineReasonTable] = Field(default=[])
    required: RequiredTable = RequiredTable()
    limits: LimitsTable = LimitsTable()
    expiry: ExpiryTable = ExpiryTable()
    duplicates: DuplicatesTable = DuplicatesTable()
    reminders: RemindersTable = RemindersTable()
    hours: HoursTable | None = None
    home: HomeTable = HomeTable()
    week: WeekTable | None = None
    audit: AuditTable = AuditTable()
    sending: SendingTable = SendingTable()
    coupon_states: CouponStatesTable = CouponStatesTable()
    retention: RetentionTable = RetentionTable()

    @field_validator("stock")
    @classmethod
    def _check_stocks(cls, stocks: list[StockTable]) -> list[StockTable]:
        checks.tell(checks.stock_problems(stocks))
        return stocks

    @field_validator("reason")
    @classmethod
    def _check_reasons(cls, reasons: list[ReasonTable]) -> list[ReasonTable]:
        checks.tell(checks.reason_problems(reasons))
        return reasons

    @field_validator("ticket_url")
    @classmethod
    def _check_ticket_url(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None and "ticket_pattern" in info.data:
            checks.tell(checks.ticket_problems(info.data["ticket_pattern"]))
        return url

    @field_validator("rule")
    @classmethod
    def _check_rules(cls, rules: list[RuleTable], info: ValidationInfo) -> list[RuleTable]:
        problems = checks.order_problems(rules) + checks.cap_problems(rules)
        if "stock" in info.data:
            problems += checks.unknown_stock_problems(rules, info.data["stock"])
        if "roles" in info.data:
            problems += checks.approver_problems(rules, info.data["roles"].approvers)
        checks.tell(problems)
        return rules

    @field_validator("hours")
    @classmethod
    def _check_hours(cls, hours: HoursTable | None) -> HoursTable | None:
        checks.tell(hours_problems(hours) if hours is not None else [])
        return hours

    @field_validator("reminders")
    @classmethod
    def _check_reminders(cls, reminders: RemindersTable, info: ValidationInfo) -> RemindersTable:
        expiry = info.data.get("expiry")
        checks.tell(checks.reminder_problems(reminders, expiry.hours if expiry else None))
        return reminders


def _keys(table: type[Table]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, field in table.model_fields.items():
        for inner in _tables_in(field.annotation):
            yield name, tuple(each.alias or key for key, each in inner.model_fields.items())
            yield from _keys(inner)


def _tables_in(annotation: object) -> Iterator[type[Table]]:
    """Of what a key may hold: a table, a list of tables, or one of several forms."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables_in(inner)


#: Every key, by its table.
KEYS: Final = {"": tuple(File.model_fields), **dict(_keys(File))}
