"""A local page on which people click through the sandbox workspace, with WeChat Pay's side beside it.

async with serve_page(slack, wechatpay, audit=read_audit) as page:
    page.url
"""

from sandbox.page.server import Page, serve_page

__all__ = ["Page", "serve_page"]
