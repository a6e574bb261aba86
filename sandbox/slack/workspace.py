"""The workspace of the sandbox: a shop's support team, its leads, finance, and a few who must not decide."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from sandbox.slack.running import Slack
from sandbox.slack.server import serve
from sandbox.slack.setup import Channel, Person, Setup, UserGroup

LI = Person("U0LI", "li", "Li Na", "Li", locale="zh-CN", tz="Asia/Shanghai")
SUN = Person("U0SUN", "sun", "Sun Wei", "Sun", locale="zh-CN", tz="Asia/Shanghai")
WANG = Person("U0WANG", "wang", "Wang Fang", "Wang", locale="zh-CN", tz="Asia/Shanghai")
ZHAO = Person("U0ZHAO", "zhao", "Zhao Lei", "Zhao", locale="zh-CN", tz="Asia/Shanghai")
QIAN = Person("U0QIAN", "qian", "Qian Min", "Qian", locale="en-US", tz="Asia/Shanghai")
CHEN = Person("U0FIN", "chen", "Chen Jing", "Chen", locale="en-US", tz="Asia/Shanghai")
OUTSIDER = Person("U0OUT", "alex", "Alex Partner", "Alex (Partner Ltd)", team_id="T0PARTNER")
GONE = Person("U0GONE", "hu", "Hu Left", "Hu", deleted=True)
GUEST = Person("U0GUEST", "temp", "Temp Guest", "Guest", is_restricted=True, is_ultra_restricted=True)
EVERYBODY = (LI, SUN, WANG, ZHAO, QIAN, CHEN, OUTSIDER, GONE, GUEST)

AGENTS = UserGroup("S0AGENTS", "support-agents", "Support agents", ("U0LI", "U0SUN"))
LEADS = UserGroup("S0LEADS", "support-leads", "Support leads", ("U0WANG", "U0ZHAO", "U0QIAN"))
MANAGERS = UserGroup("S0MANAGERS", "managers", "Managers", ("U0ZHAO",))

APPROVE = Channel(
    "C0APPROVE",
    "coupon-approvals",
    ("U0BOT", "U0LI", "U0SUN", "U0WANG", "U0ZHAO", "U0QIAN", "U0FIN", "U0OUT", "U0GUEST"),
)
SUPPORT = Channel("C0SUPPORT", "support", ("U0LI", "U0SUN", "U0WANG", "U0ZHAO", "U0QIAN", "U0FIN"))
AUDIT = Channel("C0AUDIT", "coupon-audit", ("U0BOT", "U0FIN", "U0WANG"), is_private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace(Setup):
    """The support team as it is; any part can be given differently: `Workspace(bot_scopes=("commands",))`."""

    people: tuple[Person, ...] = EVERYBODY
    groups: tuple[UserGroup, ...] = (AGENTS, LEADS, MANAGERS)
    channels: tuple[Channel, ...] = (APPROVE, SUPPORT, AUDIT)

    def serve(self, **options: Any) -> AbstractAsyncContextManager[Slack]:
        """Run it: `async with Workspace().serve(port=0) as slack`. The options are those of
        `server.serve`."""
        return serve(self, **options)
