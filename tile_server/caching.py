"""How long an answer may be kept, and how a client asks whether it changed.

Editions never change, so what carries an edition in its path is immutable: for one day, because a withdrawal must
reach everybody. What says "latest" changes at midnight or with a release, so it is kept briefly or asked again.
"""

from __future__ import annotations

import hashlib

IMMUTABLE = "public, max-age={}, immutable"
SHORT = "public, max-age={}"
REVALIDATE = "no-cache"
PRIVATE = "private, no-store"


def weak_tag(*parts: object) -> str:
    """A weak ETag from what determines an answer: release, day, path, query, representation."""
    text = "\x1f".join(str(part) for part in parts)
    return f'W/"{hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names the ETag, by weak comparison (RFC 9110 §13.1.2)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    plain = etag.removeprefix("W/")
    return any(candidate.strip().removeprefix("W/") == plain for candidate in if_none_match.split(","))
