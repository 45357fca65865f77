"""文字化け: text that was decoded with the wrong encoding before it came here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "文字化け"

# U+FFFD is what decoders write for bytes they cannot read. C1 controls appear when CP932 or UTF-8 is read as
# ISO-8859-1; 縺 and 繧 with 蜿 … appear when UTF-8 is read as CP932.
BROKEN = re.compile("[\ufffd\x80-\x9f]|(?:[縺繧繝][\\w。-゜]){2}")


def check(context: Context) -> Iterator[Finding]:
    """Blocks every text value that shows the traces of a wrong decoding."""
    frame = context.features.frame
    pointer = Pointer("broken_text", context.features)
    for name, field in context.collection.fields.items():
        if field.type in ("text", "code"):
            found = frame[name].str.contains(BROKEN, na=False).to_numpy(dtype=bool)
            yield from listed(np.flatnonzero(found).tolist(), _maker(pointer, name, field.title))


def _maker(pointer: Pointer, name: str, title: str) -> Callable[[int], Finding]:
    values = pointer.features.frame[name]

    def finding(position: int) -> Finding:
        shown = BROKEN.sub("\ufffd", str(values.iloc[position]))
        return pointer.finding(
            position,
            "block",
            f"「{title}」の値「{shown}」が文字化けしています。",
            "[source] の encoding を確かめ、だめなら正しい文字の資料を受け取り直してください。",
            field=name,
            value=shown,
        )

    return finding
