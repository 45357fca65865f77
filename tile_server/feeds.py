"""One list of entries, two feeds: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

ATOM, JSON_FEED = "application/atom+xml", "application/feed+json"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_GEORSS = "http://www.georss.org/georss"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One piece of news. `id` never changes; `place` is (lon, lat) in degrees, None where there is none."""

    id: str
    title: str
    updated: dt.datetime
    url: str
    text: str
    tags: tuple[str, ...] = ()
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class Feed:
    """A feed: `page` is the same for people, `address` the feed's own, `following` that of its next page if any."""

    id: str
    title: str
    author: str
    page: str
    address: str
    updated: dt.datetime
    entries: Sequence[Entry]
    rights: str = ""
    following: str = ""


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def json_feed(feed: Feed) -> dict[str, Any]:
    """https://www.jsonfeed.org/version/1.1/"""
    turned = {"next_url": feed.following} if feed.following else {}
    return turned | {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "language": "ja",
        "authors": [{"name": feed.author}],
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_text": entry.text,
                "date_modified": _moment(entry.updated),
                "tags": list(entry.tags),
            }
            | ({} if entry.place is None else {"_machizu": {"lon": entry.place[0], "lat": entry.place[1]}})
            for entry in feed.entries
        ],
    }


def atom(feed: Feed) -> bytes:
    """RFC 4287, in pages (RFC 5005, 3); places as GeoRSS points (latitude before longitude)."""
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xmlns:georss": _GEORSS, "xml:lang": "ja"})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(feed.updated))
    _add(ElementTree.SubElement(root, "author"), "name", feed.author)
    ElementTree.SubElement(root, "link", {"rel": "self", "type": ATOM, "href": feed.address})
    ElementTree.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.page})
    if feed.following:
        ElementTree.SubElement(root, "link", {"rel": "next", "type": ATOM, "href": feed.following})
    if feed.rights:
        _add(root, "rights", feed.rights)
    for entry in feed.entries:
        node = ElementTree.SubElement(root, "entry")
        _add(node, "id", entry.id)
        _add(node, "title", entry.title)
        _add(node, "updated", _moment(entry.updated))
        ElementTree.SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
        for tag in entry.tags:
            ElementTree.SubElement(node, "category", {"term": _plain(tag)})
        _add(node, "content", entry.text)
        if entry.place is not None:
            _add(node, "georss:point", f"{entry.place[1]:.9f} {entry.place[0]:.9f}")
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _plain(text)


def _plain(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text)
