"""WeChat Pay APIv3 for merchant coupons (busifavor): a client that could be published alone.

Bytes in, bytes out, no network: `signing`, `verifying`, `aead`, `certificates`, `keyring`, `keys`,
`send_request`, `codes`, `answers`, `explain` (why a signature is refused), `skew` (a clock that is
off), `trust` (why answers cannot be verified), and `outcome`, the one function that says what became
of a coupon.
With network: `client` (one HTTP exchange), `keystore` (renews certificates), `busifavor` (the product).
What can go wrong, as a tree: `errors`.
"""
