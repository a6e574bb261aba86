"""What a stand-in does to its own signature when told to lie, in answers and notifications alike."""

from sandbox.wechatpay.keys import PlatformKey

STALE_SECONDS = 600
_SIGNTEST = "WECHATPAY/SIGNTEST/"
_NOBODYS_SERIAL = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
_NOBODYS_ID = "PUB_KEY_ID_0000000000000000000000000000000000"


def forge(headers: dict[str, str]) -> None:
    """Still good Base64 of 256 bytes: only the arithmetic can tell."""
    signature = headers["Wechatpay-Signature"]
    headers["Wechatpay-Signature"] = ("B" if signature[0] == "A" else "A") + signature[1:]


def probe(headers: dict[str, str]) -> None:
    """As the platform's probes: the mark replaces the beginning, and the length is no longer right."""
    signature = headers["Wechatpay-Signature"]
    headers["Wechatpay-Signature"] = _SIGNTEST + signature[len(_SIGNTEST) + 1 :]


def name_nobody(headers: dict[str, str], key: PlatformKey) -> None:
    """A serial of the right kind that belongs to no key."""
    headers["Wechatpay-Serial"] = _NOBODYS_ID if key.certificate_pem is None else _NOBODYS_SERIAL
