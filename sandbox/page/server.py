"""The page on a loopback port: routes, start and end."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from sandbox.page.acts import Acts
from sandbox.page.asked import Asked
from sandbox.page.faults import FaultPanel
from sandbox.page.file_exchange import give_file, take_upload
from sandbox.page.guard import Handler, add_headers, only_our_page
from sandbox.page.live import Reader, stream
from sandbox.page.money import use_coupon
from sandbox.page.news import Audit, News
from sandbox.page.seen import Seen
from sandbox.slack.errors import CannotDoError
from sandbox.slack.files import MOST_BYTES
from sandbox.slack.running import Slack
from sandbox.wechatpay.stand_in import WeChatPay

STATIC = Path(__file__).parent / "static"
SHUTDOWN_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
FORM_BYTES = MOST_BYTES + 64 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is served. `url` ends in a slash."""

    url: str
    _news: News = field(repr=False)

    @property
    def readers(self) -> int:
        """How many browsers look at it now."""
        return self._news.readers

    async def until_read_by(self, readers: int) -> None:
        """Returns when so many look. Bound it with asyncio.timeout."""
        while self.readers != readers:
            await self._news.newer(self._news.version)


@asynccontextmanager
async def serve_page(
    slack: Slack,
    wechatpay: WeChatPay,
    *,
    audit: Audit,
    host: str = "127.0.0.1",
    port: int = 0,
    patience_seconds: float = PATIENCE_SECONDS,
) -> AsyncGenerator[Page]:
    """Serve the page while the block lasts; port 0 takes a free one.

    `audit` gives the data of the `audit` event; it is asked again and again while somebody looks, and must
    not raise. A browser that takes nothing for `patience_seconds` is dropped. Raises ValueError for an
    address beyond this machine: whoever reaches the page acts as anybody. Raises OSError when the port is
    taken.
    """
    if not ip_address(host).is_loopback:
        raise ValueError(f"host is {host}; the page is served on loopback addresses only, like 127.0.0.1")
    panel = FaultPanel(slack, wechatpay)
    news = News(slack, wechatpay, panel, audit)
    app = _Routes(slack, wechatpay, panel, news, patience_seconds).application()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        shown = f"[{host}]" if ":" in host else host
        async with news.watching():
            yield Page(f"http://{shown}:{runner.addresses[0][1]}/", news)
    finally:
        news.close()
        await runner.cleanup()


class _Routes:
    def __init__(
        self, slack: Slack, wechatpay: WeChatPay, panel: FaultPanel, news: News, patience_seconds: float
    ) -> None:
        busy: set[str] = set()
        self._state = slack.state
        self._wechatpay = wechatpay
        self._panel = panel
        self._news = news
        self._patience_seconds = patience_seconds
        self._seen = Seen(slack.state, busy)
        self._acts = Acts(slack, busy)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=FORM_BYTES, middlewares=[only_our_page, _in_one_sentence])
        app.on_response_prepare.append(add_headers)
        app.router.add_get("/", self._index)
        app.router.add_static("/static/", STATIC)
        app.router.add_get("/api/live", self._live)
        app.router.add_get("/api/files/{file}/{name}", self._file)
        app.router.add_post("/api/people/{user}/upload", self._upload)
        app.router.add_post("/api/people/{user}/{act}", self._act)
        app.router.add_post("/api/faults", self._faults)
        app.router.add_post("/api/coupons/use", self._use)
        return app

    async def _index(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - a route's shape
        return web.FileResponse(STATIC / "index.html")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        user = request.query.get("person") or self._first_person()
        self._acts.actor(user)
        reader = Reader(user, self._state, self._seen, self._news)
        return await stream(request, reader, self._news, patience_seconds=self._patience_seconds)

    def _first_person(self) -> str:
        return next(person.id for person in self._state.directory.people.values() if not person.is_bot)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        user, act = request.match_info["user"], request.match_info["act"]
        return web.json_response(await self._acts.do(user, act, await Asked.read(request)))

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        actor = self._acts.actor(request.match_info["user"])
        return web.json_response(await take_upload(request, actor))

    async def _faults(self, request: web.Request) -> web.StreamResponse:
        asked = await Asked.read(request)
        self._panel.switch(asked.maybe_text("side"), asked.text("kind"), asked.whole("times", 1))
        self._news.poke()
        return web.json_response({})

    async def _use(self, request: web.Request) -> web.StreamResponse:
        """What the shop's till does when a customer pays with it."""
        asked = await Asked.read(request)
        use_coupon(self._wechatpay, asked.text("stock_id"), asked.text("coupon_code"))
        return web.json_response({})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        user, file_id = request.query.get("person", ""), request.match_info["file"]
        return give_file(self._state, self._seen, user, file_id)


@web.middleware
async def _in_one_sentence(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except CannotDoError as error:
        return web.json_response({"error": str(error)}, status=422)
