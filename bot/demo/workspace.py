"""The demo's shop: its people, its stocks, and its rules. All made up."""

from __future__ import annotations

from sandbox.slack.setup import (
    Channel,
    CommandWords,
    Person,
    Setup,
    Shortcut,
    ShortcutType,
    UserGroup,
)
from sandbox.wechatpay.stocks import Stock

_SHANGHAI = "Asia/Shanghai"

#: Command and scopes are the manifest's; a test compares them.
SETUP = Setup(
    people=(
        Person("U0LI", "li", "Li Na", "Li", tz=_SHANGHAI, title="Support agent"),
        Person("U0WANG", "wang", "Wang Fang", "Wang", tz=_SHANGHAI, title="Support lead"),
        Person("U0ZHAO", "zhao", "Zhao Lei", "Zhao", locale="zh-CN", tz=_SHANGHAI, title="Manager"),
        Person("U0FIN", "chen", "Chen Jing", "Chen", tz="Europe/London", title="Auditor"),
        Person("U0OUT", "alex", "Alex Partner", "Alex", team_id="T0PARTNER", title="Partner Ltd"),
    ),
    groups=(
        UserGroup("S0AGENTS", "support-agents", "Support agents", ("U0LI",)),
        UserGroup("S0LEADS", "support-leads", "Support leads", ("U0WANG", "U0ZHAO")),
        UserGroup("S0MANAGERS", "managers", "Managers", ("U0ZHAO",)),
    ),
    channels=(
        Channel("C0SUPPORT", "support", ("U0LI", "U0WANG", "U0ZHAO", "U0FIN"), topic="Customers first"),
        Channel("C0APPROVE", "coupon-approvals", ("U0BOT", "U0LI", "U0WANG", "U0ZHAO", "U0FIN", "U0OUT")),
        Channel("C0AUDIT", "coupon-audit", ("U0BOT", "U0FIN", "U0ZHAO"), is_private=True),
    ),
    command_words={
        "/coupon": CommandWords(
            "Compensate a customer with a WeChat Pay coupon",
            "send <openid> <stock> [reason] | bulk | check | customer | ticket <ticket> | status <request> | "
            "list | audit | help",
        )
    },
    shortcuts=(
        Shortcut(
            "compensate_customer",
            "Compensate a customer",
            ShortcutType.GLOBAL,
            "Opens the form that asks for a coupon",
        ),
        Shortcut(
            "compensate_from_message",
            "Compensate this customer",
            ShortcutType.MESSAGE,
            "Opens the form with this message as the reason",
        ),
        Shortcut(
            "bulk_from_message",
            "Coupons for this file",
            ShortcutType.MESSAGE,
            "Opens the form for many customers with the file of this message",
        ),
    ),
    bot_scopes=(
        "commands",
        "chat:write",
        "users:read",
        "usergroups:read",
        "channels:read",
        "groups:read",
        "channels:history",
        "files:read",
        "files:write",
        "groups:history",
        "im:history",
        "im:write",
    ),
)

STOCKS = (
    Stock("1200000005", "¥5 off, small delay", value_fen=500, max_coupons=500),
    Stock("1200000010", "¥10 off, late delivery", value_fen=1000, max_coupons=200),
    Stock("1200000030", "¥30 off, damaged goods", value_fen=3000, max_coupons=50),
    # Soon used up: WeChat Pay then says no, and the card tells it.
    Stock("1200000100", "¥100 off, lost parcel", value_fen=10_000, max_coupons=2),
)

COUPON_TOML = """\
approval_channel = "C0APPROVE"

[roles]
agents = ["S0AGENTS", "S0LEADS"]
approvers = ["S0LEADS"]
auditors = ["U0FIN"]

[[stock]]
stock_id = "1200000005"
alias = "delay-5"
name = "¥5 off, small delay"
value_fen = 500
code_mode = "WECHATPAY_MODE"

[[stock]]
stock_id = "1200000010"
alias = "late-10"
name = "¥10 off, late delivery"
value_fen = 1000
code_mode = "WECHATPAY_MODE"

[[stock]]
stock_id = "1200000030"
alias = "damaged-30"
name = "¥30 off, damaged goods"
value_fen = 3000
code_mode = "WECHATPAY_MODE"

[[stock]]
stock_id = "1200000100"
alias = "lost-100"
name = "¥100 off, lost parcel"
value_fen = 10000
code_mode = "WECHATPAY_MODE"

[[rule]]
max_value_fen = 1000
approvals = 1

[[rule]]
max_value_fen = 5000
approvals = 2

[[rule]]
approvals = 1
approvers = ["S0MANAGERS"]

[limits]
per_customer = { count = 5, days = 30 }
per_agent = { count = 50, days = 1 }
"""

#: Who said what in #support before anybody looked.
SAID = (
    ("U0LI", "Morning! Parcel for customer `oUpF8uMuAJO_M2pxb1Q9zNjWeS6o` came four days late."),
    ("U0WANG", "Then `late-10`, please: type `/coupon send` with that openid."),
)
#: What Li asked for before anybody looked: openid, stock, reason. Wang approves the first.
ASKED = (
    ("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "late-10", "parcel came four days late"),
    ("oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE", "delay-5", "courier went to the wrong door"),
)
