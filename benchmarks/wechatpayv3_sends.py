"""The same sends by the SDK that most Python programs use, to compare with in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.stand_in_process import STOCK_ID, Address

_PROGRAM = Path(__file__).with_name("wechatpayv3_program.py")
#: Made by `make bench` from requirements/witnesses.txt; never in the environment of the product.
_PYTHON = Path(__file__).parents[1] / ".venv" / "wechatpayv3" / "bin" / "python"
_LONGEST_S = 120.0


def wechatpayv3_sends_per_second(address: Address, sends: int) -> float | None:
    """None, and a line on stderr, where it is not installed. Raises RuntimeError when it fails."""
    if not _PYTHON.exists():
        print("(wechatpayv3 is not installed: no comparison; `make bench` installs it)", file=sys.stderr)
        return None
    account = address.merchant
    asked = {
        "url": address.url,
        "certificate_pem": address.certificate_pem,
        "mchid": account.mchid,
        "appid": account.appid,
        "serial_no": account.serial_no,
        "private_key": account.private_key_pem,
        "apiv3_key": account.apiv3_key,
        "public_key": account.public_key_pem,
        "public_key_id": account.public_key_id,
        "stock_id": STOCK_ID,
        "sends": sends,
    }
    ran = subprocess.run(
        [_PYTHON, _PROGRAM],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"wechatpayv3 ended with status {ran.returncode}: {ran.stderr.strip()[-400:]}")
    return float(ran.stdout)
