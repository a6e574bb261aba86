"""A stand-in of WeChat Pay in a process of its own, over TLS, so that its work is not counted as ours."""

from __future__ import annotations

import asyncio
import ipaddress
import multiprocessing
import signal
import ssl
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.wechatpay import Merchant

STOCK_ID = "1212121212"
_START_S = 30.0
_STOP_S = 5.0
#: One signature, however busy the machine is.
_SIGNED_IN_S = 0.02


@dataclass(frozen=True, slots=True)
class Address:
    """Where it listens, who may call, and the certificate to trust."""

    url: str
    merchant: Merchant
    certificate_pem: str
    #: To the stand-in; it has none itself.
    pipe: Connection | None = None

    def sign_ahead(self, sends: Sequence[tuple[str, str]]) -> None:
        """Its answers to these numbers and openids, signed now: on a machine of two cores its own signatures
        would be what is measured. They are good for five minutes, as any.
        """
        if self.pipe is None:
            raise TypeError("only who started the stand-in can ask it")
        self.pipe.send(sends)
        if not self.pipe.poll(_START_S + len(sends) * _SIGNED_IN_S):
            raise TimeoutError("WeChat Pay's stand-in did not sign in time")
        self.pipe.recv()


#: Says an Address through the pipe, and ends with it; answers after so many seconds.
Serve = Callable[[Connection, float], Coroutine[Any, Any, None]]


@contextmanager
def stand_in(serve: Serve, *, answers_after_s: float) -> Iterator[Address]:
    """Runs while the context lasts; it also ends by itself when this process does, however that happens."""
    # Forked from a process that is loaded once, and has nothing of ours: loading takes a second.
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(["__main__", serve.__module__])
    ours, theirs = forkserver.Pipe()
    process = forkserver.Process(target=_run, args=(serve, theirs, answers_after_s), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_S):
            raise TimeoutError(f"WeChat Pay's stand-in did not listen within {_START_S} s")
        address = ours.recv()
        if not isinstance(address, Address):
            raise TypeError(f"WeChat Pay's stand-in said {address!r} where its address was expected")
        yield replace(address, pipe=ours)
    finally:
        ours.close()
        process.join(_STOP_S)
        if process.is_alive():
            process.kill()
            process.join()


def _run(serve: Serve, pipe: Connection, answers_after_s: float) -> None:
    # Ctrl-C reaches all processes of a terminal; this one ends with its pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(pipe, answers_after_s))


def server_tls() -> tuple[str, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        # OpenSSL reads them from a file only.
        file = Path(folder) / "server.pem"
        file.touch(mode=0o600)
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
        context.load_cert_chain(file)
    return pem.decode(), context
