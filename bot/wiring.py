"""The only file that names everybody: builds the parts and hands each what it needs."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk.web.async_client import AsyncWebClient

from bot.bells import Bells
from bot.click_listeners import register_clicks
from bot.config.coupon_toml import CouponToml
from bot.config.settings import Settings
from bot.coupon_loops import coupon_loops
from bot.desks import Desks
from bot.parts import Parts
from bot.pauses import Pauses
from bot.slack_app import bolt_app
from bot.troubles import Troubles
from coupons.absence_desk import AbsenceDesk
from coupons.asking import Asking
from coupons.auditing import Auditing
from coupons.authority import Authority
from coupons.batch_asking import BatchAsking
from coupons.batch_work import BatchWork
from coupons.checkpointing import Checkpointer, Sign
from coupons.clock_keeping import ClockKeeper
from coupons.clock_watch import ClockWatch, Doubt
from coupons.expiring import Expirer
from coupons.forgetting import Forgetter
from coupons.model import Request
from coupons.outcome import Outcome
from coupons.overwriting import Overwriter
from coupons.ports import Ledger
from coupons.presence import Presence
from coupons.reminding import Reminder
from coupons.returning import Returner
from coupons.sender import Sender
from coupons.settling import Pace
from coupons.week_reports import WeekReporter
from handlers.absence_command import AbsenceCommand
from handlers.after_ack import AfterAck
from handlers.announcer import Announcer
from handlers.approval_channel import ApprovalChannel
from handlers.audit import Audit
from handlers.audit_files import AuditFiles
from handlers.bulk.file_loop import FileLoop
from handlers.bulk.line_words import LineWords
from handlers.bulk.reading_process import BulkReader
from handlers.bulk_form import BulkForm
from handlers.card_facts import CardFacts
from handlers.clicks import Clicks
from handlers.commands import Commands
from handlers.directory import Readers, SlackDirectory
from handlers.form import Form, Prefill
from handlers.form_offers import FormOffers
from handlers.home import Home
from handlers.home_facts import HomeFacts
from handlers.posting import Poster
from handlers.slack_files import SlackFiles
from handlers.views.words import load_languages
from handlers.web_api import ask
from handlers.workspace_checks import Workspace
from wechatpay import Busifavor, Client
from wechatpay.issuer import WechatPayIssuer


def build(
    settings: Settings,
    config: CouponToml,
    *,
    workspace: Workspace,
    directory: SlackDirectory,
    approval_channel: ApprovalChannel,
    slack: AsyncWebClient,
    wechatpay: Client,
    ledger: Ledger,
    clock: ClockWatch,
    bells: Bells,
    holder: str,
    troubles: Troubles,
    pace: Pace,
    pauses: Pauses,
    on_outcome: Callable[[Request, Outcome], None],
    on_lookup: Callable[[bool], None],
    on_doubt: Callable[[Doubt | None], None],
    sign: Sign,
) -> Parts:
    """No I/O: only construction."""
    issuer = WechatPayIssuer(
        Busifavor(wechatpay, appid=settings.wechatpay_appid),
        appid=settings.wechatpay_appid,
        send_path=settings.wechatpay_send_path,
    )
    authority = Authority(policy=config.policy, directory=directory, ledger=ledger, team=workspace.team)
    asking = Asking(
        ledger=ledger,
        authority=authority,
        issuer=issuer,
        policy=config.policy,
        team=workspace.team,
        clock=clock,
    )
    desks = Desks(
        ledger=ledger,
        directory=directory,
        authority=authority,
        issuer=issuer,
        config=config,
        team=workspace.team,
        clock=clock,
    )
    desk = desks.desk()
    presence = Presence(policy=config.policy, authority=authority, ledger=ledger)
    absence_desk = AbsenceDesk(
        ledger=ledger,
        directory=directory,
        presence=presence,
        policy=config.policy,
        team=workspace.team,
        clock=clock,
    )
    poster, after_ack = Poster(slack), AfterAck(troubles.note)
    readers = Readers(
        directory, load_languages(config.tickets), language=config.language, on_trouble=troubles.expected
    )
    secret = settings.slack_signing_secret
    app = bolt_app(
        slack,
        team=workspace.team,
        bot_user=workspace.bot_user,
        signing_secret=secret.get_secret_value() if secret and not settings.slack_app_token else None,
    )
    offers = FormOffers()
    form = Form(
        client=slack,
        asking=asking,
        ledger=ledger,
        catalogue=config.catalogue,
        reasons=config.reasons,
        offers=offers,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        approval_channel=approval_channel,
        on_trouble=troubles.note,
    )
    form.register(app)
    batch_asking = BatchAsking(
        ledger=ledger,
        authority=authority,
        policy=config.policy,
        catalogue=config.catalogue,
        team=workspace.team,
        clock=clock,
    )
    bulk_form = BulkForm(
        client=slack,
        asking=batch_asking,
        catalogue=config.catalogue,
        reasons=config.reasons,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        clock=clock,
        on_trouble=troubles.note,
    )
    bulk_form.register(app)
    auditing = Auditing(ledger=ledger, authority=authority, catalogue=config.catalogue, clock=clock)
    audit = Audit(
        client=slack,
        auditing=auditing,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        console_url=config.console_url,
        on_trouble=troubles.note,
    )
    audit.register(app)
    commands = Commands(
        asking=asking,
        desk=desk,
        absences=AbsenceCommand(desk=absence_desk, ledger=ledger, clock=clock),
        authority=authority,
        form=form,
        bulk_form=bulk_form,
        audit=audit,
        ledger=ledger,
        catalogue=config.catalogue,
        reasons=config.reasons,
        tickets=config.tickets,
        offers=offers,
        approval_channel=approval_channel,
        readers=readers,
        clock=clock,
        on_trouble=troubles.note,
    )
    commands.register(app)
    register_clicks(
        app,
        Clicks(desk=desk, approval_channel=config.approval_channel, clock=clock, on_trouble=troubles.note),
        ledger=ledger,
        config=config,
        client=slack,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        on_trouble=troubles.note,
    )
    home = Home(
        client=slack,
        facts=HomeFacts(
            ledger=ledger,
            authority=authority,
            policy=config.policy,
            beside=CardFacts(config.catalogue, config.tickets),
            workspace_url=workspace.url,
            clock=clock.earliest,
        ),
        desk=desk,
        absence_desk=absence_desk,
        readers=readers,
        open_form=lambda trigger_id, user: form.open(trigger_id, user, Prefill()),
        approvers=config.policy.approvers,
        approval_channel=approval_channel,
        clock=clock,
        bell=bells.showing,
        pause_s=pauses.home_s,
        on_trouble=troubles.expected,
    )
    home.register(app)
    announcer = Announcer(
        poster=poster,
        ledger=ledger,
        approval_channel=approval_channel,
        workspace_url=workspace.url,
        authority=authority,
        presence=presence,
        batch_asking=batch_asking,
        policy=config.policy,
        catalogue=config.catalogue,
        readers=readers,
        files=AuditFiles(ledger=ledger, catalogue=config.catalogue, poster=poster, readers=readers),
        clock=clock,
        bell=bells.announcing,
        holder=holder,
        pauses_s=pauses.posts_s,
        no_card_s=pauses.no_card_s,
        on_trouble=troubles.expected,
    )
    announcer.register(app)
    sender = Sender(
        ledger=ledger,
        issuer=issuer,
        clock=clock,
        bell=bells.sending,
        holder=holder,
        pace=pace,
        on_outcome=on_outcome,
        on_trouble=troubles.note,
    )
    about_coupons = coupon_loops(
        config,
        team=workspace.team,
        ledger=ledger,
        authority=authority,
        issuer=issuer,
        sender=sender,
        clock=clock,
        bell=bells.coupon_answers,
        again_s=pauses.click_s,
        troubles=troubles,
        on_lookup=on_lookup,
    )
    return Parts(
        app=app,
        after_ack=after_ack,
        home=home,
        directory=directory,
        sender=sender,
        about_coupons=about_coupons,
        decider=desks.decider(
            desk, bell=bells.deciding, again_s=pauses.click_s, on_trouble=troubles.expected
        ),
        batch_work=BatchWork(
            ledger=ledger,
            authority=authority,
            issuer=issuer,
            policy=config.policy,
            catalogue=config.catalogue,
            clock=clock,
            bell=bells.batches,
            on_trouble=troubles.note,
        ),
        expirer=Expirer(ledger=ledger, desk=desk, clock=clock, bell=bells.expiring, on_trouble=troubles.note),
        reminder=Reminder(
            ledger=ledger,
            policy=config.policy,
            presence=presence,
            clock=clock,
            bell=bells.reminding,
            on_trouble=troubles.expected,
        ),
        returner=Returner(
            ledger=ledger,
            desk=absence_desk,
            clock=clock,
            bell=bells.returning,
            on_trouble=troubles.expected,
        ),
        forgetter=Forgetter(ledger=ledger, days=config.openid_days, clock=clock, on_trouble=troubles.note),
        overwriter=Overwriter(ledger=ledger, on_reader=troubles.still_readable, on_trouble=troubles.expected),
        clock_keeper=ClockKeeper(
            ledger=ledger,
            clock=clock,
            ask_time=lambda: ask(slack, "auth.test"),
            on_doubt=on_doubt,
            every_s=pauses.clock_s,
            tell_after_s=pauses.clock_doubt_s,
            on_trouble=troubles.expected,
        ),
        checkpointer=Checkpointer(
            ledger=ledger,
            sign=sign,
            channel=config.audit_channel,
            every=config.checkpoint_events,
            clock=clock,
            on_trouble=troubles.note,
        ),
        week_reporter=WeekReporter(
            ledger=ledger,
            authority=authority,
            time=config.week,
            clock=clock,
            on_trouble=troubles.expected,
        ),
        announcer=announcer,
        files=FileLoop(
            ledger=ledger,
            asking=batch_asking,
            files=SlackFiles(slack),
            reader=BulkReader(
                config.catalogue,
                wanted=LineWords(config.reasons, config.tickets, config.policy.required),
            ),
            catalogue=config.catalogue,
            clock=clock,
            bell=bells.files,
            pauses_s=pauses.files_s,
            on_trouble=troubles.expected,
        ),
    )
