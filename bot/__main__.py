"""`python -m bot`, `coupon-bot`."""

from __future__ import annotations

import sys


def main() -> None:
    """Exit status 130 when Ctrl-C comes while the program is still being loaded: a second or two."""
    try:
        from bot.cli.main import main as run  # noqa: PLC0415 - inside, so that Ctrl-C finds somebody who answers
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
