"""Who, of which team, where, and the key: of payloads that the stand-in for Slack does not send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from coupons.errors import CouponsError
from handlers import payloads

COMMAND = {"team_id": "T0SHOP", "user_id": "U0LI", "channel_id": "C0SUPPORT", "trigger_id": "12.34.ab"}
CLICK = {
    "type": "block_actions",
    "user": {"id": "U0WANG", "team_id": "T0OTHER"},
    "team": {"id": "T0SHOP"},
    "container": {"channel_id": "C0APPROVE"},
    "actions": [{"action_id": "approve_request", "action_ts": "1700000000.000100"}],
}
FORM = {
    "type": "view_submission",
    "user": {"id": "U0LI"},
    "team": {"id": "T0SHOP"},
    "view": {"id": "V0TOP", "root_view_id": "V0ROOT"},
    "trigger_id": "12.34.ab",
}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (COMMAND, "T0SHOP:12.34.ab:7"),
        # Through Slack Connect: of the person's own team.
        ({**CLICK, "trigger_id": "12.34.ab"}, "T0OTHER:12.34.ab:7"),
        (CLICK, "T0OTHER:U0WANG:1700000000.000100:7"),
        # The form keeps its first id, whatever lies on top; the trigger is of one submission only.
        (FORM, "T0SHOP:V0ROOT:7"),
        ({**FORM, "view": {"id": "V0TOP"}}, "T0SHOP:V0TOP:7"),
    ],
)
def test_a_delivery_has_the_key_that_it_always_had(body: Mapping[str, Any], key: str) -> None:
    assert payloads.delivery_key(body, 7) == key
    assert payloads.delivery_key(body) == key.removesuffix(":7")


def test_what_nothing_names_has_no_key() -> None:
    """A key of the team alone would make one coupon of all that it is about."""
    for body in ({**COMMAND, "trigger_id": ""}, {**CLICK, "actions": [{"action_ts": None}]}):
        with pytest.raises(CouponsError, match="without a trigger_id"):
            payloads.delivery_key(body)


@pytest.mark.parametrize(
    ("body", "person", "team", "channel"),
    [
        (COMMAND, "U0LI", "T0SHOP", "C0SUPPORT"),
        (CLICK, "U0WANG", "T0OTHER", "C0APPROVE"),
        ({**CLICK, "channel": {"id": "C0SEEN"}}, "U0WANG", "T0OTHER", "C0SEEN"),
        (FORM, "U0LI", "T0SHOP", ""),
        # Installed for a whole organization, a payload may have no team.
        ({**FORM, "team": None, "user": {"id": "U0LI", "team_id": "T0SHOP"}}, "U0LI", "T0SHOP", ""),
    ],
)
def test_who_of_which_team_and_where(body: Mapping[str, Any], person: str, team: str, channel: str) -> None:
    assert (payloads.person(body), payloads.team(body), payloads.channel(body)) == (person, team, channel)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("٣", None),
        ("²", None),
        ("-1", None),
        (None, None),
    ],
)
def test_a_number_is_a_few_plain_digits(value: object, number: int | None) -> None:
    assert payloads.number(value) == number
