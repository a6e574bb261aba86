"""`coupon-bot doctor`: looks at everything that `run` needs, changes nothing, sends nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from bot.clock import utc_ms
from bot.config.coupon_toml import CouponToml, load_coupon_toml
from bot.config.settings import PlaceSettings, SettingsProblems, SlackSettings, WechatpaySettings, load_part
from bot.config.toml_tables import CouponTomlProblems
from bot.doctor.disk import examine_checkpoint_key, examine_database, examine_secret_files
from bot.doctor.findings import Finding, Level
from bot.doctor.hours import examine_hours
from bot.doctor.slack import examine_slack
from bot.doctor.wechat import examine_wechatpay

P = TypeVar("P", SlackSettings, WechatpaySettings, PlaceSettings)

_SETTINGS = ".env.example describes every variable"
_TOML = "coupon.toml in the project's folder is an example, line by line"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def doctor(*, as_json: bool) -> None:
    """Check settings, files, database, WeChat Pay and Slack: one line and one cure each."""
    findings: list[Finding] = []

    async def run() -> None:
        async for finding in examine(os.environ):
            findings.append(finding)
            if not as_json:
                click.echo(finding.lines())

    asyncio.run(run())
    whole = all(finding.level is not Level.FAIL for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": whole, "findings": [asdict(each) for each in findings]}, indent=2))
    sys.exit(0 if whole else 1)


async def examine(environ: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Cheapest first. One side's trouble does not keep the others from being looked at."""
    slack, slack_findings = _part("Slack settings", environ, SlackSettings)
    wechatpay, wechatpay_findings = _part("WeChat Pay settings", environ, WechatpaySettings)
    places, place_findings = _part("files and address", environ, PlaceSettings)
    config, toml_findings = _config(places.coupon_config) if places is not None else (None, [])
    for finding in (*slack_findings, *wechatpay_findings, *place_findings, *toml_findings):
        yield finding
    for finding in examine_secret_files([part for part in (slack, wechatpay) if part is not None]):
        yield finding
    if places is not None:
        for finding in examine_database(places.coupon_database):
            yield finding
        for finding in examine_checkpoint_key(places.coupon_database):
            yield finding
    if wechatpay is not None:
        async for finding in examine_wechatpay(wechatpay, config.catalogue if config is not None else ()):
            yield finding
    if slack is not None:
        async for finding in examine_slack(slack, config):
            yield finding


def _part(check: str, environ: Mapping[str, str], part: type[P]) -> tuple[P | None, list[Finding]]:
    try:
        return load_part(environ, part), [Finding.ok(check, "whole")]
    except SettingsProblems as error:
        return None, _all(check, error.problems, _SETTINGS)


def _config(path: Path) -> tuple[CouponToml | None, list[Finding]]:
    try:
        config = load_coupon_toml(path)
    except CouponTomlProblems as error:
        return None, _all("coupon.toml", error.problems, _TOML)
    whole = Finding.ok("coupon.toml", f"{path} is whole; stocks in it: {len(list(config.catalogue))}")
    return config, [whole, *examine_hours(config.policy.hours, utc_ms())]


def _all(check: str, problems: Iterable[str], cure: str) -> list[Finding]:
    return [Finding.of_sentence(check, problem, cure) for problem in problems]
