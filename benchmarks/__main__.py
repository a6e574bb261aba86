"""`python -m benchmarks [name ...] [--quick]`: figures, each beside a limit of the same run."""

from __future__ import annotations

import argparse
import asyncio
import platform

from benchmarks import acks, lifecycles, sends, verify
from benchmarks.figures import Figure

_ALL = {"sends": sends.run, "lifecycles": lifecycles.run, "acks": acks.run, "verify": verify.run}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of: {', '.join(_ALL)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: does it run at all")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(_ALL)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(_ALL)}")
    print(f"Python {platform.python_version()} on {platform.machine()}\n")
    print(f"{'figure':<46}{'measured':>14}  {'limit of the same run':<40}{'limit':>12}{'ratio':>9}")
    for name in asked.names or _ALL:
        for figure in asyncio.run(_ALL[name](0.1 if asked.quick else 1.0)):
            print(line(figure), flush=True)


def line(figure: Figure) -> str:
    measured = f"{figure.measured:,.2f}" if figure.measured < 100 else f"{figure.measured:,.0f}"
    limit = f"{figure.limit:,.2f}" if figure.limit < 100 else f"{figure.limit:,.0f}"
    ratio = figure.measured / figure.limit if figure.limit else float("nan")
    return f"{figure.name:<46}{measured:>14}  {figure.limit_name:<40}{limit:>12}{ratio:>9.3f}"


if __name__ == "__main__":
    main()
