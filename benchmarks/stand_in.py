"""WeChat Pay's stand-in over TLS as a process of its own: `python -m benchmarks.stand_in FOLDER [SLOW_S]`.

It prints its address and the merchant as one line of JSON, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.wechatpay import Fault, FaultKind, Stock, WeChatPay, make_keys

STOCK_ID = "1212121212"


async def serve(folder: Path, slow_s: float) -> None:
    keys = make_keys()
    stand_in = WeChatPay(keys, stocks=[Stock(stock_id=STOCK_ID, max_coupons=10**8)])
    if slow_s:
        stand_in.faults.rate(Fault(FaultKind.SLOW, seconds=slow_s), 1.0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    merchant = keys.merchant
    async with stand_in.serve(ssl_context=context) as running:
        known = {
            "url": running.url,
            "mchid": merchant.mchid,
            "appid": merchant.appid,
            "serial_no": merchant.serial_no,
            "private_key": merchant.private_key_pem,
            "apiv3_key": merchant.apiv3_key,
            "public_key_id": merchant.public_key_id,
            "public_key": merchant.public_key_pem,
        }
        print(json.dumps(known), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def _certificate(folder: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
