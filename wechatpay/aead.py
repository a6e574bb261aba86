"""AEAD_AES_256_GCM, the seal on certificates and callbacks."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wechatpay.errors import Undecryptable

ALGORITHM = "AEAD_AES_256_GCM"


def decrypt(apiv3_key: bytes, *, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Open one sealed text; `ciphertext` is Base64 of text and 16-byte tag.

    Success proves that whoever sealed it knows our APIv3 key. Raises Undecryptable.
    """
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(apiv3_key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, ValueError):  # ValueError: not Base64, or a nonce of no usable length
        raise Undecryptable(
            "the text was sealed with another APIv3 key, or changed on the way; compare the APIv3 key with "
            "the console"
        ) from None
