"""Our WeChat Pay client, to ask a stand-in that serves over TLS."""

from __future__ import annotations

import ssl

from benchmarks.stand_in_process import Address
from bot.clock import utc_ms
from wechatpay import Client, load_merchant, load_public_key, read_apiv3_key
from wechatpay.transport import Transport


def tls_client(address: Address) -> Client:
    """With its usual transport, but for the certificate that it trusts; to be closed."""
    account = address.merchant
    merchant = load_merchant(
        mchid=account.mchid, serial_no=account.serial_no, private_key=account.private_key_pem
    )
    key = load_public_key(key_id=account.public_key_id, pem=account.public_key_pem, merchant=merchant)
    return Client(
        merchant=merchant,
        apiv3_key=read_apiv3_key(account.apiv3_key),
        clock=utc_ms,
        public_keys=[key],
        base_url=address.url,
        transport=Transport(ssl_context=ssl.create_default_context(cadata=address.certificate_pem)),
    )
