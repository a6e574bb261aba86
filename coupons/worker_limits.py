"""What a worker (`coupons.worker_process`) may take, set by itself before it reads what it is asked.

Apart from its caller's side: a worker starts for each question, and needs no asyncio.
"""

from __future__ import annotations

import resource
from contextlib import suppress


def limit_worker(*, memory: int, cpu_s: int) -> None:
    """For this process itself: bytes, and seconds of the processor."""
    # Where a system knows no such limit, the caller still ends this process after a time.
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu_s)):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
