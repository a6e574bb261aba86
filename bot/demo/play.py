"""`coupon-bot demo --play`: the main job, played and printed, for terminals and CI."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TextIO

from bot.demo.stage import WAIT_S, Broken, Stage, open_stage
from bot.demo.workspace import SETUP
from sandbox.slack.messages import Message
from sandbox.slack.transcript import Transcript
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import CouponState
from sandbox.wechatpay.stocks import Stock

_STOCK = Stock(stock_id="1212121212", name="¥10 off, late delivery", value_fen=1000)
_COUPON_TOML = """\
approval_channel = "C0APPROVE"

[roles]
agents = ["S0AGENTS", "S0LEADS"]
approvers = ["S0LEADS"]

[[stock]]
stock_id = "1212121212"
alias = "late-10"
name = "¥10 off, late delivery"
value_fen = 1000
code_mode = "WECHATPAY_MODE"
"""
#: Made up, like everything here.
_CUSTOMERS = ("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE", "oPq9sWv1HuC4_Za6XjTn0kBe5RiL")
_FILE = "".join(
    f"{line}\n"
    for line in (
        "openid,stock,reason",
        "oAb7sWv1HuC4_Za6XjTn0kBe5RiM,late-10,parcel came four days late",
        "oCd8sWv1HuC4_Za6XjTn0kBe5RiN,late-10,parcel came four days late",
        f"{_CUSTOMERS[0]},late-10,parcel came four days late",
        "1.23457E+27,late-10,parcel came four days late",
    )
).encode()


async def play(out: TextIO) -> int:
    """0 when all was as promised, 1 when not."""
    try:
        async with open_stage(SETUP, out, stocks=[_STOCK], coupon_toml=_COUPON_TOML) as stage:
            for scene in (
                _an_agent_asks_and_a_lead_approves,
                _nobody_approves_the_own_request,
                _a_lost_answer,
                _a_coupon_is_taken_back,
                _a_file_of_customers,
            ):
                await _play_scene(stage, scene)
            await stage.stop_bot()
            await _audit(stage)
    except (Broken, TimeoutError) as error:
        print(f"\nNOT as promised: {error}", file=out)
        return 1
    print(
        "\nAll as promised: 2 requests and 1 batch approved, 4 coupons given, 1 request declined, "
        "1 line struck out, 1 coupon taken back, 0 doubled, 0 lost.",
        file=out,
    )
    return 0


# --- the scenes


async def _an_agent_asks_and_a_lead_approves(stage: Stage) -> None:
    """Agent Li asks for a coupon, lead Wang approves, the code arrives."""
    await _ask(stage, "U0LI", _CUSTOMERS[0], "parcel came four days late")
    card = await stage.card(1)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await _code_arrives(stage, coupons=1, requester="U0LI")


async def _nobody_approves_the_own_request(stage: Stage) -> None:
    """Lead Wang asks and clicks Approve on the own request: refused. Zhao declines, with a reason."""
    await _ask(stage, "U0WANG", _CUSTOMERS[1], "box was dented")
    card = await stage.card(2)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await stage.sees(lambda: stage.slack.ephemerals("U0WANG", card.channel), "a self-approval is refused")
    zhao = stage.slack.person("U0ZHAO")
    opened = await zhao.click(card.channel, card.ts, "decline_request")
    await zhao.submit(await opened.view(WAIT_S), {"reason": "The photo shows an intact box"})
    await stage.sees(lambda: stage.slack.dms("U0WANG"), "the requester hears of the decline")
    await _card_says(stage, card, "Declined")
    await stage.sees(
        lambda: stage.slack.messages(card.channel, thread_ts=card.ts), "the card's thread tells of it"
    )
    if len(stage.wechatpay.ledger.coupons) != 1:
        raise Broken("a declined request reached WeChat Pay")


async def _a_lost_answer(stage: Stage) -> None:
    """WeChat Pay gives the coupon, and its answer is lost on the wire. The bot says so, asks again with the
    same number, and the customer has one coupon."""
    stage.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER))
    await _ask(stage, "U0LI", _CUSTOMERS[2], "refund took two weeks")
    card = await stage.card(3)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await _code_arrives(stage, coupons=2, requester="U0LI")
    sends = stage.wechatpay.ledger.sends_of(stage.wechatpay.ledger.coupons[-1].out_request_no)
    if len(sends) < 2 or len({send.body for send in sends}) != 1:  # noqa: PLR2004 - the lost one and its repeat
        raise Broken("a lost answer was not settled by repeating the same bytes")


async def _a_coupon_is_taken_back(stage: Stage) -> None:
    """Agent Li asks the last coupon back: it went to the wrong customer. Lead Wang approves, and WeChat Pay
    deactivates it."""
    answer = await stage.slack.person("U0LI").command("C0SUPPORT", "/coupon undo 3 wrong customer")
    if answer.error:
        raise Broken(f"/coupon undo was not acked: {answer.error}")
    card = await stage.card(4)
    if stage.wechatpay.state_of(stage.wechatpay.ledger.coupons[-1]) is not CouponState.SENDED:
        raise Broken("a coupon was taken back before anybody approved that")
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await _card_says(stage, card, "Taken back")
    if stage.wechatpay.state_of(stage.wechatpay.ledger.coupons[-1]) is not CouponState.DEACTIVATED:
        raise Broken("the card says that a coupon is taken back which WeChat Pay did not deactivate")
    await stage.sees(
        lambda: "is taken back, as you asked" in stage.slack.dms("U0LI")[-1].words(),
        "the requester hears of it",
    )


async def _a_file_of_customers(stage: Stage) -> None:
    """Agent Li gives a file: three good lines, and one that a spreadsheet has spoilt. Lead Wang strikes a
    line out and approves the others on one card."""
    li, wang = stage.slack.person("U0LI"), stage.slack.person("U0WANG")
    opened = await li.command("C0SUPPORT", "/coupon bulk")
    await li.submit(await opened.view(WAIT_S), {"file": [li.upload("late.csv", _FILE)]})
    preview = await stage.sees(
        lambda: _with_button(stage.slack.dms("U0LI"), "submit_batch"), "a preview stands"
    )
    await stage.sees(
        lambda: any(each.file_ids for each in stage.slack.dms("U0LI")), "what is left out is said"
    )
    await li.click(preview.channel, preview.ts, "submit_batch")
    card = await stage.sees(
        lambda: _with_button(stage.slack.messages("C0APPROVE"), "approve_batch"),
        "the card of the batch stands",
    )
    form = await wang.click(card.channel, card.ts, "strike_lines")
    await wang.submit(await form.view(WAIT_S), {"rows": "4"})
    await stage.sees(lambda: "2 coupons" in card.words(), "the card counts without the struck line")
    await wang.click(card.channel, card.ts, "approve_batch")
    await asyncio.wait_for(stage.wechatpay.ledger.until(lambda ledger: len(ledger.coupons) == 4), WAIT_S)  # noqa: PLR2004 - two before, two now
    await stage.sees(lambda: "Done" in card.words(), "the card says Done")
    for place in (
        lambda: stage.slack.dms("U0LI"),
        lambda: stage.slack.messages(card.channel, thread_ts=card.ts),
    ):
        await stage.sees(
            lambda place=place: "Result of batch 1" in place()[-1].words(),  # type: ignore[misc]  # bound now
            "the result comes as files",
        )


def _with_button(messages: Sequence[Message], action_id: str) -> Message | None:
    return next((message for message in messages if message.element(action_id)), None)


# --- what people do and see


async def _ask(stage: Stage, who: str, openid: str, reason: str) -> None:
    answer = await stage.slack.person(who).command("C0SUPPORT", f"/coupon send {openid} late-10 {reason}")
    if answer.error:
        raise Broken(f"/coupon send was not acked: {answer.error}")


async def _code_arrives(stage: Stage, *, coupons: int, requester: str) -> None:
    await asyncio.wait_for(
        stage.wechatpay.ledger.until(lambda ledger: len(ledger.coupons) == coupons), WAIT_S
    )
    code = stage.wechatpay.ledger.coupons[-1].coupon_code
    card = stage.slack.messages("C0APPROVE")[-1]

    def code_stands() -> bool:
        threads = stage.slack.messages(card.channel, thread_ts=card.ts)
        direct_messages = stage.slack.dms(requester)
        return all(any(code in message.words() for message in place) for place in (threads, direct_messages))

    await stage.sees(code_stands, "the coupon code stands in the thread and in the requester's DM")
    await _card_says(stage, card, "Sent")


async def _card_says(stage: Stage, card: Message, state: str) -> None:
    def card_is_final() -> bool:
        return state in card.words() and not card.element("approve_request")

    await stage.sees(card_is_final, f"the card says {state} and has no buttons any more")


# --- around them


async def _play_scene(stage: Stage, scene: Callable[[Stage], Awaitable[None]]) -> None:
    before = stage.slack.state.timestamp()
    print(f"\n### {' '.join((scene.__doc__ or '').split())}\n", file=stage.out)
    await scene(stage)
    columns = min(shutil.get_terminal_size().columns, 100)
    transcript = Transcript(stage.slack, after=before, columns=columns, color=stage.out.isatty())
    print(transcript.everything(), file=stage.out)


async def _audit(stage: Stage) -> None:
    for command in ("show", "verify"):
        print(f"\n$ coupon-bot audit {command}\n", file=stage.out, flush=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "audit",
            command,
            env=dict(stage.environ),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        print(printed.decode(), end="", file=stage.out)
        if process.returncode:
            raise Broken(f"audit {command} ended with status {process.returncode}")
