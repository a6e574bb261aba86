"""The stand-in asked by nobody in particular: how many answers a second it and the wire give at best."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from urllib.parse import urlsplit

from benchmarks.stand_in_process import STOCK_ID, Address


async def answers_per_second(address: Address, *, answers: int, in_flight: int) -> float:
    """Over kept TLS connections, each with one question at a time; nothing is signed and nothing checked."""
    url = urlsplit(address.url)
    context = ssl.create_default_context(cadata=address.certificate_pem)
    wires = await asyncio.gather(
        *(asyncio.open_connection(url.hostname, url.port, ssl=context) for _ in range(in_flight))
    )
    numbers = iter(range(answers))

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in numbers:
            writer.write(_question(number))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0]))

    try:
        started = time.perf_counter()
        await asyncio.gather(*(ask(*wire) for wire in wires))
        return answers / (time.perf_counter() - started)
    finally:
        for _, writer in wires:
            writer.close()


def number_of(number: int) -> str:
    """What the stand-in may sign ahead."""
    return f"bare{number:028d}"


def _question(number: int) -> bytes:
    body = json.dumps(
        {"stock_id": STOCK_ID, "openid": "oUpF8uMuAJO_M2pxb1Q900000000", "out_request_no": number_of(number)}
    )
    return f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
