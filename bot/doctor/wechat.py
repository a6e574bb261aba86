"""What of WeChat Pay's side works: keys on this machine, signature, clock, certificates, AppID."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator

from bot.clock import utc_ms
from bot.config.settings import WechatpaySettings
from bot.config.timed_read import read_text_within
from bot.doctor.findings import Finding
from bot.doctor.stocks import stock_findings
from bot.wechatpay_client import wechatpay_client, wechatpay_keys
from bot.wording.wechat_tables import day
from coupons.model import Stock
from wechatpay import Busifavor, Client, WechatPayError
from wechatpay.answers import Checked
from wechatpay.certificates import CERTIFICATES_TARGET
from wechatpay.errors import BadSetting, NoAnswer, NotSent, Refused, Trouble, Undecryptable
from wechatpay.keys import Merchant, load_merchant_certificate
from wechatpay.reading import members_of
from wechatpay.signatures import TOLERANCE
from wechatpay.skew import WARN_FROM_S, off

#: What merchants with the public key only get for the certificates: 404 as a rule, the others were seen.
_NO_CERTIFICATES = frozenset({403, 404, 500})

#: What the console's download holds beside apiclient_key.pem.
_CERTIFICATE_FILE = "apiclient_cert.pem"
_WARN_BEFORE_END_DAYS = 60
_DAY_S = 86_400
#: Nobody's: tells whether WeChat Pay objects to the AppID itself.
_NOBODY = "oNobody-asked-by-the-doctor0"

_NETWORK = "look at this machine's network, DNS, firewall and HTTPS_PROXY, and at WECHATPAY_API_URL"
_KEYS = "compare key, serial number and certificate with the console under API security"


async def examine_wechatpay(
    settings: WechatpaySettings, catalogue: Iterable[Stock]
) -> AsyncIterator[Finding]:
    """Cheapest first. What cannot be asked any more is left out."""
    try:
        merchant, _ = wechatpay_keys(settings)
    except BadSetting as error:
        yield Finding.of_sentence("key files", str(error), _KEYS)
        return
    yield Finding.ok(
        "key files", "the merchant's private key is RSA with 2048 bits, serial number and ids fit"
    )
    yield _certificate(settings, merchant)
    try:
        client = wechatpay_client(settings)
    except BadSetting as error:
        yield Finding.of_sentence("WeChat Pay client", str(error), _NETWORK)
        return
    async with client:
        async for finding in _calls(client, settings.wechatpay_appid, catalogue):
            yield finding


def _certificate(settings: WechatpaySettings, merchant: Merchant) -> Finding:
    check = "merchant certificate"
    key = settings.file("WECHATPAY_PRIVATE_KEY")
    path = key.with_name(_CERTIFICATE_FILE) if key is not None else None
    if path is None or not path.exists():
        seen = (
            f"no {_CERTIFICATE_FILE} beside the key; whether key and serial number fit, the signature shows"
        )
        return Finding.ok(check, seen)
    now = utc_ms() // 1000
    try:
        found = load_merchant_certificate(read_text_within(path), merchant=merchant, now=now)
    except (OSError, UnicodeDecodeError):
        return Finding.warn(check, f"{path} cannot be read", "let the bot's user read it, or take it away")
    except BadSetting as error:
        return Finding.of_sentence(check, str(error), _KEYS)
    left = (found.ends - now) // _DAY_S
    seen = f"{found.serial_no} belongs to the private key; it ends on {day(found.ends)}, in {left} days"
    if left < _WARN_BEFORE_END_DAYS:
        cure = "issue a new one in the console and roll over (docs/operator.md); once it ends no call works"
        return Finding.warn(check, seen, cure)
    return Finding.ok(check, seen)


async def _calls(client: Client, appid: str, catalogue: Iterable[Stock]) -> AsyncIterator[Finding]:
    try:
        signed = await (_with_public_key(client) if client.keys.fixed else _with_certificates(client))
    except WechatPayError as error:
        for finding in _clock(client):
            yield finding
        check = "APIv3 key" if isinstance(error, Undecryptable) else "signature"
        yield _trouble("WeChat Pay" if isinstance(error, NotSent | NoAnswer) else check, error)
        return
    for finding in (*_clock(client), *signed):
        yield finding
    product = Busifavor(client, appid=appid)
    for listed in catalogue:
        check = f"stock {listed.alias}"
        try:
            stock = await product.stock(listed.stock_id)
        except WechatPayError as error:
            yield _trouble(check, error)
            if isinstance(error, NotSent | NoAnswer):
                # The next would wait as long.
                return
        else:
            for finding in stock_findings(check, listed, stock, appid=appid, now_ms=utc_ms()):
                yield finding
    yield await _appid(product, appid)
    yield Finding.ok(
        "permission to send",
        "cannot be proved without sending: where it lacks, the first send is held, NO_AUTH",
    )


def lists_none(error: Refused | Trouble) -> bool:
    """Whether WeChat Pay says so itself, and not some gateway that has no code of WeChat Pay's to say."""
    return error.status in _NO_CERTIFICATES and not error.code.startswith("HTTP_")


async def _with_public_key(client: Client) -> list[Finding]:
    """A signed answer, whatever it says, proves keys and numbers of both sides. Raises WechatPayError."""
    came_back = await client.call("GET", CERTIFICATES_TARGET)
    mode = "public key, with platform certificates beside it"
    try:
        members_of(came_back, hide="")
    except (Refused, Trouble) as error:
        if not lists_none(error):
            raise
        if isinstance(came_back, Checked) and came_back.doubt is not None:
            # Unsigned, and so no proof: that is the news, not what it says.
            raise came_back.doubt from error
        mode = f"public key only: that WeChat Pay lists no certificates (HTTP {error.status}) is normal"
    return [
        _good(came_back.serial_no if isinstance(came_back, Checked) else ""),
        Finding.ok("key mode", mode),
        Finding.ok("APIv3 key", "has 32 bytes; whether it is the console's, only a notification shows here"),
    ]


async def _with_certificates(client: Client) -> list[Finding]:
    """Raises WechatPayError."""
    await client.keys.refresh()
    now = utc_ms() // 1000
    ring = client.keys.ring
    return [
        _good(ring.preferred(now=now) or ""),
        Finding.ok("key mode", "platform certificates"),
        Finding.ok("APIv3 key", "opens what WeChat Pay sealed with it"),
        _last_certificate(len(list(ring)), ring.verifies_until(now=now) or now, now),
    ]


def _good(serial_no: str) -> Finding:
    return Finding.ok("signature", f"WeChat Pay accepts ours, and its own is good, by {serial_no}")


def _last_certificate(count: int, ends: int, now: int) -> Finding:
    left = (ends - now) // _DAY_S
    seen = f"{count} downloaded and opened; the last ends on {day(ends)}, in {left} days"
    if left < _WARN_BEFORE_END_DAYS:
        cure = "see in the console whether a successor is coming, or move to the public key"
        return Finding.warn("certificates", seen, cure)
    return Finding.ok("certificates", seen)


def _clock(client: Client) -> Iterator[Finding]:
    ahead = client.skew.seconds
    if ahead is None:
        return
    if abs(ahead) < WARN_FROM_S:
        yield Finding.ok("clock", f"{abs(ahead)} s from WeChat Pay's")
        return
    seen = f"this machine's is {off(ahead)} WeChat Pay's; from {TOLERANCE} s on nothing is accepted"
    make = Finding.fail if abs(ahead) >= TOLERANCE else Finding.warn
    yield make("clock", seen, "let it be set by NTP (timedatectl set-ntp true)")


def _trouble(check: str, error: WechatPayError) -> Finding:
    if isinstance(error, NotSent | NoAnswer):
        return Finding.fail(check, f"WeChat Pay does not answer: {error.code}, {error.message}", _NETWORK)
    hint = error.hint if isinstance(error, Refused) else ""
    return Finding.fail(check, str(error), hint or error.operator)


async def _appid(product: Busifavor, appid: str) -> Finding:
    try:
        await product.coupon_page(openid=_NOBODY, limit=1)
    except WechatPayError as error:
        # Any other refusal may be about the openid, which is nobody's.
        if error.code == "APPID_MCHID_NOT_MATCH" or isinstance(error, NotSent | NoAnswer):
            return _trouble("AppID", error)
    return Finding.ok("AppID", f"WeChat Pay does not object to {appid}; whose openids are used, a send shows")
