"""The business: who may give which coupon to whom, and what is known about each request.

Nothing here knows Slack, WeChat Pay's wire or SQLite; those stand behind the Protocols of `coupons.ports`.
"""
