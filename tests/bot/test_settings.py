"""What the environment may hold, and the sentence for everything that it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.settings import FILES, NAMES, SLACK_API_URL, SettingsProblems, load_settings

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----"
PUBLIC_PEM = "-----BEGIN PUBLIC KEY-----\nMIIBIj\n-----END PUBLIC KEY-----"
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1234-abcd",
    "SLACK_APP_TOKEN": "xapp-1-A0-abcd",
    "WECHATPAY_MCHID": "1900000001",
    "WECHATPAY_APPID": "wxd678efh567hg6787",
    "WECHATPAY_SERIAL_NO": "3775B6A45ACD588826D15E583A95F5DD0123ABCD",
    "WECHATPAY_PRIVATE_KEY": PEM,
    "WECHATPAY_APIV3_KEY": "0123456789abcdef0123456789ABCDEF",
}
PUBLIC_KEY_MODE = {
    "WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_0119000000012024",
    "WECHATPAY_PUBLIC_KEY": PUBLIC_PEM,
}


def problems_of(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsProblems) as caught:
        load_settings(environ)
    return caught.value.problems


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in GOOD.items() if name not in names}


def test_the_variables_are_those_of_the_contract() -> None:
    assert set(NAMES) == set(GOOD) | set(PUBLIC_KEY_MODE) | {
        "SLACK_SIGNING_SECRET",
        "SLACK_API_URL",
        "WECHATPAY_API_URL",
        "WECHATPAY_FALLBACK_API_URL",
        "WECHATPAY_SEND_PATH",
        "COUPON_DATABASE",
        "COUPON_CONFIG",
        "COUPON_LISTEN",
    }


def test_what_is_not_given_has_the_contracts_default() -> None:
    settings = load_settings(GOOD)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.wechatpay_api_url == "https://api.mch.weixin.qq.com"
    assert settings.wechatpay_fallback_api_url == "https://api2.mch.weixin.qq.com"
    assert settings.coupon_database == Path("coupon.db")
    assert settings.coupon_config == Path("coupon.toml")
    assert settings.coupon_listen == ("127.0.0.1", 8080)
    assert settings.wechatpay_public_key_id is None
    assert settings.wechatpay_public_key is None
    assert settings.socket_mode


def test_an_empty_variable_counts_as_absent() -> None:
    """A form or a copied .env leaves `NAME=` behind."""
    empty = dict.fromkeys((name for name in NAMES if name not in GOOD), "")
    assert load_settings(GOOD | empty) == load_settings(GOOD)


def test_only_the_given_mapping_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "from-elsewhere")
    monkeypatch.setenv("COUPON_LISTEN", "0.0.0.0:1")
    settings = load_settings(GOOD)
    assert settings.slack_signing_secret is None
    assert settings.coupon_listen == ("127.0.0.1", 8080)


def test_variables_of_others_are_not_looked_at() -> None:
    """Slack's OAuth variables too: they must not change what the bot is."""
    others = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "x", "COUPON_COLOUR": "red", "PATH": "/bin"}
    assert load_settings(GOOD | others) == load_settings(GOOD)


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(GOOD)
    with pytest.raises(ValueError, match="frozen"):
        settings.wechatpay_mchid = "1900000002"


# --- what stands together


def test_without_an_app_token_it_is_http_mode_and_needs_the_signing_secret() -> None:
    settings = load_settings(without("SLACK_APP_TOKEN") | {"SLACK_SIGNING_SECRET": "8f742231b10e"})
    assert not settings.socket_mode
    (problem,) = problems_of(without("SLACK_APP_TOKEN"))
    assert problem.startswith("SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing; ")


@pytest.mark.parametrize(
    ("given_urls", "api", "fallback"),
    [
        ({"WECHATPAY_API_URL": "http://127.0.0.1:9"}, "http://127.0.0.1:9", None),
        ({"WECHATPAY_API_URL": "https://api.wechatpay.cn/"}, "https://api.wechatpay.cn", None),
        (
            {"WECHATPAY_API_URL": "http://localhost:9", "WECHATPAY_FALLBACK_API_URL": "http://[::1]:8"},
            "http://localhost:9",
            "http://[::1]:8",
        ),
        (
            {"WECHATPAY_FALLBACK_API_URL": "https://api2.wechatpay.cn"},
            "https://api.mch.weixin.qq.com",
            "https://api2.wechatpay.cn",
        ),
    ],
)
def test_a_stand_in_for_wechat_pay_has_no_fallback_unless_it_is_named(
    given_urls: dict[str, str], api: str, fallback: str | None
) -> None:
    settings = load_settings(GOOD | given_urls)
    assert (settings.wechatpay_api_url, settings.wechatpay_fallback_api_url) == (api, fallback)


def test_public_key_mode_needs_the_id_and_the_key() -> None:
    settings = load_settings(GOOD | PUBLIC_KEY_MODE)
    assert settings.wechatpay_public_key_id == "PUB_KEY_ID_0119000000012024"
    for name, value in PUBLIC_KEY_MODE.items():
        other = next(each for each in PUBLIC_KEY_MODE if each != name)
        (problem,) = problems_of(GOOD | {name: value})
        assert problem.startswith(f"{name} is given without {other}; ")


def test_a_stand_in_for_slack_may_give_out_any_token() -> None:
    stand_in = {"SLACK_API_URL": "http://127.0.0.1:8999/api"}
    settings = load_settings(GOOD | stand_in | {"SLACK_BOT_TOKEN": "anything", "SLACK_APP_TOKEN": "else"})
    assert settings.slack_bot_token.get_secret_value() == "anything"
    assert settings.slack_api_url == "http://127.0.0.1:8999/api/"
    assert problems_of(GOOD | {"SLACK_API_URL": SLACK_API_URL, "SLACK_BOT_TOKEN": "anything"})


# --- bad values

TOKEN = "the Bot User OAuth Token (xoxb-...)"
BAD = [
    ("SLACK_BOT_TOKEN", "xapp-1-2", f"SLACK_BOT_TOKEN begins with xapp-; it must be {TOKEN}"),
    ("SLACK_BOT_TOKEN", "xoxp-1-2", f"SLACK_BOT_TOKEN begins with xoxp-; it must be {TOKEN}"),
    ("SLACK_BOT_TOKEN", "xoxb-...", f"SLACK_BOT_TOKEN is a placeholder; it must be {TOKEN}"),
    ("SLACK_APP_TOKEN", "xapp-...", "SLACK_APP_TOKEN is a placeholder; it must be an app-level token"),
    (
        "SLACK_API_URL",
        "http://slack.example/api/",
        "SLACK_API_URL begins with http://; it must begin with https://",
    ),
    (
        "SLACK_API_URL",
        "http://10.0.0.7:8999/api/",
        "SLACK_API_URL begins with http://; it must begin with https://",
    ),
    ("SLACK_BOT_TOKEN", "hunter2", f"SLACK_BOT_TOKEN does not begin with xoxb-; it must be {TOKEN}"),
    ("SLACK_BOT_TOKEN", '"xoxb-1"', "SLACK_BOT_TOKEN stands in quotation marks"),
    ("SLACK_BOT_TOKEN", "xoxb-\udcff", "SLACK_BOT_TOKEN holds bytes that are not UTF-8"),
    ("SLACK_APP_TOKEN", "xoxb-1", "SLACK_APP_TOKEN begins with xoxb-; it must be an app-level token"),
    ("SLACK_API_URL", "slack.com", "SLACK_API_URL reads 'slack.com'; it must be an address like https://"),
    ("SLACK_API_URL", "ftp://slack.com", "SLACK_API_URL reads 'ftp://slack.com'; it must be"),
    ("SLACK_API_URL", "https://slack.com:99999", "SLACK_API_URL reads 'https://slack.com:99999'; it must be"),
    ("SLACK_API_URL", "https://u:pass@slack.com", "SLACK_API_URL has a user name, a query or a fragment"),
    (
        "WECHATPAY_MCHID",
        "1900",
        "WECHATPAY_MCHID reads '1900'; it must be the merchant number, 8 to 15 digits",
    ),
    ("WECHATPAY_MCHID", "１９００００００", r"WECHATPAY_MCHID reads '\uff11\uff19"),
    ("WECHATPAY_MCHID", "1900000001x", "WECHATPAY_MCHID reads '1900000001x'; it must be"),
    ("WECHATPAY_APPID", "WXD678EFH567HG6787", "WECHATPAY_APPID reads 'WXD678EFH567HG6787'; it must be"),
    (
        "WECHATPAY_APPID",
        "wxd678",
        "WECHATPAY_APPID reads 'wxd678'; it must be the merchant's AppID, wx and 16",
    ),
    ("WECHATPAY_SERIAL_NO", "37:75:B6", "WECHATPAY_SERIAL_NO reads '37:75:B6'; it must be the serial number"),
    (
        "WECHATPAY_SERIAL_NO",
        "PUB_KEY_ID_01",
        "WECHATPAY_SERIAL_NO reads 'PUB_KEY_ID_01'; it must be the serial number of the merchant's own",
    ),
    ("WECHATPAY_APIV3_KEY", "short", "WECHATPAY_APIV3_KEY has 5 bytes; it must be the APIv3 key, exactly 32"),
    (
        "WECHATPAY_APIV3_KEY",
        "é" * 17,
        "WECHATPAY_APIV3_KEY has 34 bytes; it must be the APIv3 key, exactly 32",
    ),
    ("WECHATPAY_PUBLIC_KEY_ID", "0119", "WECHATPAY_PUBLIC_KEY_ID reads '0119'; it must be PUB_KEY_ID_ and"),
    ("WECHATPAY_API_URL", "https://api.wechatpay.cn/v3", "WECHATPAY_API_URL has a path; it must be scheme"),
    (
        "WECHATPAY_API_URL",
        "http://api.wechatpay.cn",
        "WECHATPAY_API_URL begins with http://; it must begin with https://",
    ),
    ("WECHATPAY_FALLBACK_API_URL", "none", "WECHATPAY_FALLBACK_API_URL reads 'none'; it must be an address"),
    ("COUPON_DATABASE", ":memory:", "COUPON_DATABASE reads ':memory:'; it must be the path of a file"),
    (
        "COUPON_DATABASE",
        "file:x?mode=memory",
        "COUPON_DATABASE reads 'file:x?mode=memory'; it must be the path",
    ),
    *(
        (
            "COUPON_LISTEN",
            text,
            f"COUPON_LISTEN reads {text!a}; it must be host:port, for example 127.0.0.1:8080",
        )
        for text in (
            "8080",
            ":8080",
            "localhost",
            "localhost:",
            "::1:80x",
            "a b:80",
            "h:65536",
            "http://h:80",
        )
    ),
]


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_a_bad_value_gets_one_sentence_with_its_name(name: str, value: str, sentence: str) -> None:
    environ = GOOD | {name: value}
    if name == "WECHATPAY_PUBLIC_KEY_ID":
        environ["WECHATPAY_PUBLIC_KEY"] = PUBLIC_PEM
    (problem,) = problems_of(environ)
    assert problem.startswith(sentence)
    assert "; it must " in problem


@pytest.mark.parametrize("name", [name for name in GOOD if name != "SLACK_APP_TOKEN"])
def test_a_missing_value_is_named_and_described(name: str) -> None:
    (problem,) = problems_of(without(name))
    assert problem.startswith(f"{name} is missing")
    assert "; it must be the " in problem
    assert (f"{name}_FILE" in problem) == (name in FILES)


def test_all_problems_are_told_at_once_in_the_order_of_the_contract() -> None:
    problems = problems_of(
        {
            "SLACK_BOT_TOKEN_FILE": "/nowhere/token",
            "WECHATPAY_MCHID": "x",
            "WECHATPAY_PUBLIC_KEY_ID": "x",
            "COUPON_LISTEN": "x",
        }
    )
    assert [problem.split()[0] for problem in problems] == [
        "SLACK_BOT_TOKEN_FILE",
        "SLACK_APP_TOKEN",
        "WECHATPAY_MCHID",
        "WECHATPAY_APPID",
        "WECHATPAY_SERIAL_NO",
        "WECHATPAY_PRIVATE_KEY",
        "WECHATPAY_APIV3_KEY",
        "WECHATPAY_PUBLIC_KEY_ID",
        "WECHATPAY_PUBLIC_KEY_ID",
        "COUPON_LISTEN",
    ]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:8080", "0.0.0.0", 8080),
        ("localhost:0", "localhost", 0),
        ("[::1]:65535", "::1", 65535),
        ("my-host.example:80", "my-host.example", 80),
    ],
)
def test_the_listening_address_is_taken_apart(text: str, host: str, port: int) -> None:
    assert load_settings(GOOD | {"COUPON_LISTEN": text}).coupon_listen == (host, port)


def test_the_serial_number_is_kept_in_the_letter_case_of_the_wire() -> None:
    assert load_settings(GOOD | {"WECHATPAY_SERIAL_NO": "ab" * 20}).wechatpay_serial_no == "AB" * 20


def test_a_pem_on_one_line_gets_its_line_breaks_back() -> None:
    for one_line in (PEM.replace("\n", "\\n"), PEM.replace("\n", "\\r\\n") + "\\n"):
        settings = load_settings(GOOD | {"WECHATPAY_PRIVATE_KEY": one_line})
        assert settings.wechatpay_private_key.get_secret_value().strip() == PEM


def test_other_damage_to_a_pem_is_left_to_the_key_loader() -> None:
    """It names what is the matter; here a flattened PEM passes as it is."""
    flat = PEM.replace("\n", " ")
    assert (
        load_settings(GOOD | {"WECHATPAY_PRIVATE_KEY": flat}).wechatpay_private_key.get_secret_value() == flat
    )
