"""The whole of coupon.toml: its tables beside each other, and what belongs together in them."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.config import coupon_toml_checks as checks
from bot.config.coupon_toml_tables import (
    AuditTable,
    Channel,
    CustomerTotalTable,
    CustomerWordsTable,
    DuplicatesTable,
    ExpiryTable,
    HomeTable,
    LimitsTable,
    LimitTable,
    PerDayTable,
    RemindersTable,
    RetentionTable,
    RolesTable,
    RuleTable,
    SendingTable,
    StockTable,
    Table,
)


class File(Table):
    """What pydantic reads the file into. Its checks raise `Several`."""

    approval_channel: Channel
    audit_channel: Channel | None = None
    language: Literal["en", "zh-CN"] = "en"
    roles: RolesTable = RolesTable()
    stock: list[StockTable] = Field(default=[])
    # After `roles` and `stock`, which its check looks at; validated also when there is none.
    rule: list[RuleTable] = Field(default=[], validate_default=True)
    limits: LimitsTable = LimitsTable()
    expiry: ExpiryTable = ExpiryTable()
    duplicates: DuplicatesTable = DuplicatesTable()
    reminders: RemindersTable = RemindersTable()
    home: HomeTable = HomeTable()
    audit: AuditTable = AuditTable()
    sending: SendingTable = SendingTable()
    retention: RetentionTable = RetentionTable()

    @field_validator("stock")
    @classmethod
    def _check_stocks(cls, stocks: list[StockTable]) -> list[StockTable]:
        checks.tell(checks.stock_problems(stocks))
        return stocks

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

    @field_validator("reminders")
    @classmethod
    def _check_reminders(cls, reminders: RemindersTable, info: ValidationInfo) -> RemindersTable:
        expiry = info.data.get("expiry")
        checks.tell(checks.reminder_problems(reminders, expiry.hours if expiry else None))
        return reminders


#: Every key, by its table.
KEYS: Final = {
    "": tuple(File.model_fields),
    "roles": tuple(RolesTable.model_fields),
    "stock": tuple(StockTable.model_fields),
    "customer_words": tuple(CustomerWordsTable.model_fields),
    "rule": tuple(RuleTable.model_fields),
    "max_customer_total": tuple(CustomerTotalTable.model_fields),
    "per_day": tuple(PerDayTable.model_fields),
    "limits": tuple(LimitsTable.model_fields),
    **dict.fromkeys(LimitsTable.model_fields, tuple(LimitTable.model_fields)),
    "expiry": tuple(ExpiryTable.model_fields),
    "duplicates": tuple(DuplicatesTable.model_fields),
    "reminders": tuple(RemindersTable.model_fields),
    "home": tuple(HomeTable.model_fields),
    "audit": tuple(AuditTable.model_fields),
    "retention": tuple(RetentionTable.model_fields),
}
