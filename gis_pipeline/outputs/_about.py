"""What a file says about itself: the sentences that must travel with the data, in Japanese."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gis_pipeline.members import Product

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""One moment for every member of an archive: the same material gives the same bytes."""


_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""What Windows lets no file be called, whatever its ending."""


def stem(product: Product) -> str:
    """The name of a collection's files in an archive: ASCII, and fit for every system."""
    name = product.collection.id
    return f"{name}_" if _RESERVED.fullmatch(name) else name


def crlf(text: str) -> bytes:
    """A text file that every editor on Windows shows rightly: UTF-8 with BOM, lines ending with CR LF."""
    return (text.rstrip("\n").replace("\n", "\r\n") + "\r\n").encode("utf-8-sig")


def rows(product: Product) -> list[tuple[str, str]]:
    """Title and sentence of everything a recipient must know; what is not declared is left out."""
    collection, service = product.collection, product.service
    told = [
        ("地図", collection.title),
        ("説明", collection.description),
        ("自治体", service.name),
        ("施行日（版）", product.edition_id),
        ("件数", str(len(product.frame))),
        ("範囲", product.part.sentence or "全体"),
        ("座標系", product.part.target_crs or ""),
        ("町の座標系", f"{service.crs}（平面直角座標系では X が北、Y が東）"),
        ("地図情報レベル", str(collection.map_level)),
        ("位置の正確度（標準偏差）", f"{collection.tolerance_m} m"),
        ("決定権者", collection.authority),
        ("根拠", collection.legal_basis),
        ("出典", collection.attribution or service.attribution),
        ("ライセンス", collection.licence),
        ("利用条件", collection.permission),
        *(("承認", notice) for notice in collection.notices),
        ("利用規約", service.terms),
        ("注意", service.disclaimer),
    ]
    return [(title, text) for title, text in told if text]


def text(product: Product) -> str:
    """The same as lines of text."""
    return "\n".join(f"{title}: {sentence}" for title, sentence in rows(product))


def pack(target: Path, members: Mapping[str, bytes | Path], *, compress: bool = True) -> None:
    """A ZIP of those members in that order, without times, owners or folders. Names are ASCII."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.compress_type = method
            entry.external_attr = 0o644 << 16
            if isinstance(content, bytes):
                archive.writestr(entry, content, compresslevel=6)
            else:
                with content.open("rb") as source, archive.open(entry, "w", force_zip64=True) as sink:
                    while block := source.read(1 << 20):
                        sink.write(block)
