"""Which proxy the environment names for an address: HTTPS_PROXY, ALL_PROXY and NO_PROXY, read in one way.

Libraries disagree: slack_sdk does not obey NO_PROXY and aiohttp does not know ALL_PROXY. So whoever connects
to the outside is told by this, and reads nothing of the environment itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from wechatpay.errors import BadSetting

#: A WebSocket goes where its handshake goes.
_SCHEMES = {"wss": "https", "ws": "http"}


class EnvironmentProxies:
    """What the environment says when this is made, looked up once for each host."""

    def __init__(self) -> None:
        self._named = getproxies()
        self._found: dict[URL, URL | None] = {}

    def of(self, address: str) -> URL | None:
        """The proxy for this address; None: there without one.

        Raises BadSetting where it is not an HTTP proxy, naming the variable, and never its password.
        """
        origin = URL(address).origin()
        if origin not in self._found:
            self._found[origin] = self._find(origin)
        return self._found[origin]

    def _find(self, origin: URL) -> URL | None:
        scheme = _SCHEMES.get(origin.scheme, origin.scheme)
        name = next((name for name in (scheme, "all") if self._named.get(name)), None)
        if name is None or proxy_bypass(f"{origin.host}:{origin.port}"):
            return None
        text = self._named[name]
        try:
            url = URL(text if "://" in text else f"http://{text}")
            whole = bool(url.host) and url.port is not None
        except ValueError:
            raise BadSetting(f"{_variable(name)} is no address; it must be like http://proxy:3128") from None
        if url.scheme not in {"http", "https"}:
            # The address may hold a password.
            raise BadSetting(
                f"{_variable(name)} names a {url.scheme[:10]} proxy; it must be an http one, or NO_PROXY "
                f"must name {origin.host}"
            )
        if not whole:
            raise BadSetting(f"{_variable(name)} is no address; it must be like http://proxy:3128")
        return url


def _variable(name: str) -> str:
    """As it is spelt in the environment; where it is not, the system's settings said so."""

    def spelt() -> Iterator[str]:
        for spelling in (f"{name}_proxy", f"{name.upper()}_PROXY"):
            if os.environ.get(spelling):
                yield spelling

    return next(spelt(), f"the system's {name} proxy")
