"""Two features under one id: links, differences and downloads would confuse them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gis_pipeline.findings import Pointer, listed
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "地物の番号の重なり"


def check(context: Context) -> Iterator[Finding]:
    """Blocks every feature whose id an earlier one has already; names the earlier record."""
    index = context.features.frame.index
    repeated = np.flatnonzero(index.duplicated(keep="first"))
    if not len(repeated):
        return
    pointer = Pointer("duplicate_ids", context.features)
    first: dict[str, int] = {}
    for position, fid in enumerate(index):
        first.setdefault(fid, position)

    def finding(position: int) -> Finding:
        fid = str(index[position])
        other = context.features.origin.iloc[first[fid]]
        message = f"地物の番号「{fid}」が {other['file']} の {int(other['record'])} 番目の地物と同じです。"
        advice = "元の資料の番号を直すか、feature_id に列を加えて区別してください。"
        return pointer.finding(position, "block", message, advice, field="feature_id", value=fid)

    yield from listed(repeated.tolist(), finding)
