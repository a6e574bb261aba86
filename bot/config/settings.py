"""The environment, read once and checked as a whole. Nothing else in the project reads it.

A wrong setting costs its finder a restart, so all problems are told together, one sentence each. A secret is
never quoted in them: only what is the matter with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.config.timed_read import read_text_within
from coupons.errors import Refusal
from wechatpay.fields import PUBLIC_KEY_PREFIX
from wechatpay.hosts import MAIN_HOST, SECOND_HOST, is_loopback
from wechatpay.targets import PRODUCT_SEND_TARGET, SEND_TARGET

SLACK_API_URL: Final = "https://slack.com/api/"
_SEND_PATHS: Final = (SEND_TARGET, PRODUCT_SEND_TARGET)

#: May also be given as NAME_FILE. Neither the public key nor the two numbers are secrets, but a file can
#: change under a running bot, and a new key comes with a new number.
FILES: Final = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "WECHATPAY_SERIAL_NO",
        "WECHATPAY_PRIVATE_KEY",
        "WECHATPAY_APIV3_KEY",
        "WECHATPAY_PUBLIC_KEY_ID",
        "WECHATPAY_PUBLIC_KEY",
    }
)

#: What each is, for the sentence when it is missing or unlike this.
_WHAT: Final = {
    "SLACK_BOT_TOKEN": "the Bot User OAuth Token (xoxb-...) from the app's page OAuth & Permissions",
    "SLACK_APP_TOKEN": "an app-level token (xapp-...) from the app's page Basic Information",
    "WECHATPAY_MCHID": "the merchant number, 8 to 15 digits",
    "WECHATPAY_APPID": "the merchant's AppID, wx and 16 lower-case letters or digits",
    "WECHATPAY_SERIAL_NO": (
        "the serial number of the merchant's own API certificate, hexadecimal digits, normally 40, without "
        "colons (openssl x509 -in apiclient_cert.pem -noout -serial)"
    ),
    "WECHATPAY_PRIVATE_KEY": "the text of apiclient_key.pem",
    "WECHATPAY_APIV3_KEY": "the APIv3 key, exactly 32 bytes, as set in the console under API security",
    "WECHATPAY_PUBLIC_KEY_ID": f"{PUBLIC_KEY_PREFIX} and digits, as the console shows it beside the key",
    "WECHATPAY_SEND_PATH": " or ".join(_SEND_PATHS),
    "COUPON_LISTEN": "host:port, for example 127.0.0.1:8080, or 0.0.0.0:8080 for all interfaces",
}

_FORMS: Final = {
    "WECHATPAY_MCHID": re.compile(r"[0-9]{8,15}"),
    # Letters beyond f too: the AppID of WeChat Pay's own examples has them.
    "WECHATPAY_APPID": re.compile(r"wx[0-9a-z]{16}"),
    "WECHATPAY_SERIAL_NO": re.compile(r"[0-9A-Fa-f]{8,40}"),
    "WECHATPAY_PUBLIC_KEY_ID": re.compile(PUBLIC_KEY_PREFIX + "[0-9]+"),
}
_TOKENS: Final = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
_APIV3_KEY_BYTES: Final = 32
_LISTEN: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT: Final = 65535
#: Tokens, PEMs, and what could be the APIv3 key or the signing secret.
_LIKE_A_SECRET: Final = re.compile(r"xox[a-z]-|xapp-|-----|^[0-9A-Za-z]{24,}$")
#: Linux has no longer ones.
_LONGEST_PATH: Final = 4096


class SettingsProblems(Refusal):
    """What is wrong with the environment, all of it: one sentence for each problem, none with a secret."""


class _Part(BaseModel):
    """Some variables of the contract; the name in lower case. Made by `load_part`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=str.upper
    )

    #: Path of the file that a value was read from, by name.
    _files: dict[str, str] = PrivateAttr(default_factory=dict)

    def origin(self, name: str) -> str:
        """The variable that gave this value, with its file if it named one."""
        path = self._files.get(name)
        return name if path is None else f"{name}_FILE ({_quoted(path, longest=_LONGEST_PATH)})"

    def file(self, name: str) -> Path | None:
        """The file that gave this value; None: the variable itself did."""
        path = self._files.get(name)
        return None if path is None else Path(path)

    @property
    def secrets(self) -> frozenset[str]:
        """The values that no log line may show."""
        values = (getattr(self, name.lower(), None) for name in FILES)
        return frozenset(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def _token(token: SecretStr, info: ValidationInfo) -> SecretStr:
    name, text = _name(info), token.get_secret_value()
    right = _TOKENS[name]
    if text.removeprefix(right).strip(".") == "":
        raise ValueError(f"{name} is a placeholder; it must be {_WHAT[name]}")
    # A stand-in gives out tokens of its own making.
    if info.data.get("slack_api_url") != SLACK_API_URL:
        return token
    if not text.startswith(right):
        # The beginning tells the kinds of tokens apart and is no secret.
        kind = re.match(r"xox[a-z]-|xapp-", text)
        read = f"begins with {kind[0]}" if kind else f"does not begin with {right}"
        raise ValueError(f"{name} {read}; it must be {_WHAT[name]}")
    return token


class AskingSettings(_Part):
    """What is needed to ask Slack something, and to hear nothing from it."""

    #: Always with its last slash.
    slack_api_url: str = SLACK_API_URL
    slack_bot_token: SecretStr

    _bot_token = field_validator("slack_bot_token")(_token)

    @field_validator("slack_api_url")
    @classmethod
    def _slack_url(cls, url: str, info: ValidationInfo) -> str:
        _check_url(_name(info), url, like=SLACK_API_URL)
        return url if url.endswith("/") else url + "/"


class SlackSettings(AskingSettings):
    """What is needed to reach Slack, and to be reached."""

    #: None: HTTP mode.
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None

    @property
    def socket_mode(self) -> bool:
        return self.slack_app_token is not None

    _app_token = field_validator("slack_app_token")(_token)


class WechatpaySettings(_Part):
    """What is needed to reach WeChat Pay."""

    wechatpay_mchid: str
    wechatpay_appid: str
    wechatpay_serial_no: str
    #: PEM text, not looked into here.
    wechatpay_private_key: SecretStr
    wechatpay_apiv3_key: SecretStr
    #: This and the next: both (public-key mode) or None (platform certificates are downloaded).
    wechatpay_public_key_id: str | None = None
    wechatpay_public_key: SecretStr | None = None
    wechatpay_api_url: str = MAIN_HOST
    wechatpay_fallback_api_url: str | None = SECOND_HOST
    #: One of `_SEND_PATHS`; for new requests only.
    wechatpay_send_path: str = SEND_TARGET

    @field_validator(*(name.lower() for name in _FORMS))
    @classmethod
    def _form(cls, text: str, info: ValidationInfo) -> str:
        name = _name(info)
        if not _FORMS[name].fullmatch(text):
            raise ValueError(f"{name} reads {_quoted(text)}; it must be {_WHAT[name]}")
        return text.upper() if name == "WECHATPAY_SERIAL_NO" else text

    @field_validator("wechatpay_apiv3_key")
    @classmethod
    def _apiv3_key(cls, key: SecretStr) -> SecretStr:
        length = len(key.get_secret_value().encode())
        if length != _APIV3_KEY_BYTES:
            what = _WHAT["WECHATPAY_APIV3_KEY"]
            raise ValueError(f"WECHATPAY_APIV3_KEY has {length} bytes; it must be {what}")
        return key

    @field_validator("wechatpay_api_url", "wechatpay_fallback_api_url")
    @classmethod
    def _wechatpay_url(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None:
            return None
        name = _name(info)
        _check_url(name, url, like=MAIN_HOST)
        parts = urlsplit(url)
        if parts.path not in {"", "/"}:
            raise ValueError(
                f"{name} has a path; it must be scheme and host only, like {MAIN_HOST}: the paths are signed"
            )
        return url.rstrip("/")

    @field_validator("wechatpay_send_path")
    @classmethod
    def _send_path(cls, path: str, info: ValidationInfo) -> str:
        name = _name(info)
        if path not in _SEND_PATHS:
            raise ValueError(f"{name} reads {_quoted(path)}; it must be {_WHAT[name]}")
        return path


class PlaceSettings(_Part):
    """Where the bot keeps and offers things."""

    coupon_database: Path = Path("coupon.db")
    coupon_config: Path = Path("coupon.toml")
    #: Host and port; port 0: any free one.
    coupon_listen: tuple[str, int] = Field(default=("127.0.0.1", 8080))

    @field_validator("coupon_database")
    @classmethod
    def _database(cls, path: Path) -> Path:
        # SQLite takes these for a database in memory, and everything would be lost with the process.
        if str(path) == ":memory:" or str(path).startswith("file:"):
            raise ValueError(f"COUPON_DATABASE reads {_quoted(str(path))}; it must be the path of a file")
        return path

    @field_validator("coupon_listen", mode="before")
    @classmethod
    def _listen(cls, text: str) -> tuple[str, int]:
        found = _LISTEN.fullmatch(text)
        if not found or int(found["port"]) > _HIGHEST_PORT:
            raise ValueError(f"COUPON_LISTEN reads {_quoted(text)}; it must be {_WHAT['COUPON_LISTEN']}")
        return found["v6"] or found["host"], int(found["port"])


class ConfigSettings(_Part):
    """Where coupon.toml is, whatever is wrong with the rest."""

    coupon_config: Path = PlaceSettings.model_fields["coupon_config"].default


class Settings(PlaceSettings, WechatpaySettings, SlackSettings):
    """Every variable of the contract, in its order (pydantic takes the bases from the last to the first)."""


#: The variables of the contract.
NAMES: Final = tuple(name.upper() for name in Settings.model_fields)


P = TypeVar("P", bound=_Part)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check `environ`. Empty variables count as absent; others' variables are not looked at.

    Raises SettingsProblems.
    """
    return load_part(environ, Settings)


def load_part(environ: Mapping[str, str], part: type[P]) -> P:
    """The same for one side, whatever the others look like: for commands that need no more.

    Raises SettingsProblems.
    """
    names = [name.upper() for name in part.model_fields]
    given: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name in names:
        try:
            text = _read(environ, name)
        except ValueError as error:
            problems[name] = str(error)
        else:
            if text:
                given[name] = text
    _check_together(given, problems)
    # A stand-in's merchant must not end at the real WeChat Pay when the stand-in is slow.
    if "WECHATPAY_API_URL" in given:
        given.setdefault("WECHATPAY_FALLBACK_API_URL", None)
    settings = None
    try:
        settings = part(**given)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            name = str(found["loc"][0])
            problems.setdefault(name, _sentence(name, found["type"], found["msg"]))
    # Raised outside of the except block: the library's error holds the values.
    ordered = tuple(problems[name] for name in names if name in problems)
    if ordered or settings is None:
        raise SettingsProblems(*ordered)
    paths = {name: environ.get(f"{name}_FILE", "").strip() for name in FILES}
    settings._files.update(  # noqa: SLF001 - made here
        {name: path for name, path in paths.items() if path and name in names}
    )
    return settings


def _read(environ: Mapping[str, str], name: str) -> str:
    """The value of NAME, or the text of the file NAME_FILE. Raises ValueError with the sentence."""
    text = environ.get(name, "").strip()
    path = environ.get(f"{name}_FILE", "").strip() if name in FILES else ""
    if text and path:
        raise ValueError(f"{name} and {name}_FILE are both given; only one of them must be")
    if path:
        text = _read_file(f"{name}_FILE", path)
    # What docker's --env-file makes of NAME="value".
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        raise ValueError(f"{name} stands in quotation marks, which are read too; it must be without them")
    # What Python makes of other bytes.
    if re.search("[\ud800-\udfff]", text):
        raise ValueError(f"{name} holds bytes that are not UTF-8; it must be text")
    if "-----BEGIN" in text:
        # A .env file or a form in a CI system keeps a PEM on one line in this way.
        text = text.replace("\\r", "").replace("\\n", "\n")
    return text


def _read_file(name: str, path: str) -> str:
    file = f"{name} names {_quoted(path, longest=_LONGEST_PATH)}"
    try:
        text = read_text_within(Path(path)).strip()
    except UnicodeDecodeError:
        raise ValueError(f"{file}, which is not UTF-8; it must be a text file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise ValueError(f"{file}, which cannot be read ({why}); it must be the path of a file") from None
    if not text:
        raise ValueError(f"{file}, which is empty; it must hold the text itself")
    return text


def _check_together(given: Mapping[str, object], problems: dict[str, str]) -> None:
    """Variables that need each other. One with a problem of its own counts as given."""

    def absent(name: str) -> bool:
        return name not in given and name not in problems

    if absent("SLACK_APP_TOKEN") and absent("SLACK_SIGNING_SECRET"):
        problems["SLACK_SIGNING_SECRET"] = (
            "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing; Socket Mode needs "
            f"{_WHAT['SLACK_APP_TOKEN']} in the first, HTTP mode the app's signing secret in the second"
        )
    pair = ("WECHATPAY_PUBLIC_KEY_ID", "WECHATPAY_PUBLIC_KEY")
    for here, other in (pair, pair[::-1]):
        if here in given and absent(other):
            problems[other] = (
                f"{here} is given without {other}; public-key mode needs both, and with neither the platform "
                "certificates are downloaded"
            )


def _sentence(name: str, kind: str, message: str) -> str:
    if kind == "missing":
        file = f" (or {name}_FILE, the path of a file with it)" if name in FILES else ""
        return f"{name} is missing{file}; it must be {_WHAT[name]}"
    return message.removeprefix("Value error, ")


def _check_url(name: str, url: str, *, like: str) -> None:
    # Not quoted: a password may stand there.
    if re.search("[@?#]", url):
        raise ValueError(f"{name} has a user name, a query or a fragment; it must be an address like {like}")
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or re.search(r"\s", url):
        raise ValueError(f"{name} reads {_quoted(url)}; it must be an address like {like}")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"{name} begins with http://; it must begin with https:// outside this machine")


def _name(info: ValidationInfo) -> str:
    return str(info.field_name).upper()


def _quoted(text: str, longest: int = 60) -> str:
    """A value that should be no secret, in ASCII so that look-alike letters show.

    A secret in the wrong variable is what people get wrong, so nothing that looks like one is quoted.
    """
    if _LIKE_A_SECRET.search(text):
        return f"like a secret ({len(text)} characters)"
    return f"{text[:longest]!a}" + ("..." if len(text) > longest else "")
