"""What WeChat Pay says no to stands in the log in words that the operator can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from bot.troubles import Troubles
from coupons.outcome import Kind, Outcome, Remedy
from tests.coupons.samples import a_request
from wechatpay.codes import CODES, CodeClass, meaning


def logged(outcome: Outcome) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []

    def keep(_logger: object, level: str, event: structlog.typing.EventDict) -> str:
        lines.append(json.loads(json.dumps(dict(event) | {"level": level})))
        raise structlog.DropEvent

    logger = structlog.wrap_logger(None, processors=[keep], wrapper_class=structlog.stdlib.BoundLogger)
    Troubles(logger).attempted(a_request(), outcome)
    return lines


def refused(code: str, remedy: Remedy) -> Outcome:
    return Outcome(
        kind=Kind.REFUSED,
        verified=True,
        attempt_open=False,
        remedy=remedy,
        status=403,
        code=code,
        message="their words",
        request_id="08F1-268578927",
    )


@pytest.mark.parametrize("code", [code.name for code in CODES if code.code_class is CodeClass.OPERATOR])
def test_a_hold_names_who_must_act_and_what_to_look_at(code: str) -> None:
    row = meaning(403, code)
    assert logged(refused(code, Remedy.OPERATOR)) == [
        {
            "level": "warning",
            "event": "attempt_held",
            "request": a_request().id,
            "code": code,
            "problem": row.operator,
            "must_act": row.actor,
            "said": "their words",
            "request_id": "08F1-268578927",
        }
    ]


def test_a_final_no_and_a_code_that_nobody_knows_are_told_too() -> None:
    [line] = logged(refused("RULE_LIMIT", Remedy.FINAL))
    assert (line["event"], line["must_act"]) == ("attempt_refused", "requester")
    assert "max_coupons_per_user" in line["problem"]
    [line] = logged(refused("SOMETHING_NEW", Remedy.OPERATOR))
    assert (line["code"], line["must_act"]) == ("SOMETHING_NEW", "operator")
    assert "not known here" in line["problem"]


@pytest.mark.parametrize("remedy", [Remedy.NONE, Remedy.REPEAT, Remedy.SLOWER, Remedy.LOOK_UP])
def test_what_goes_on_by_itself_calls_for_nobody(remedy: Remedy) -> None:
    assert logged(refused("RATELIMIT_EXCEEDED", remedy)) == []
