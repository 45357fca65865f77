"""A layer without features, and one that shrank against the edition before."""

from __future__ import annotations

from collections.abc import Iterator

from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "地物の数"


def check(context: Context) -> Iterator[Finding]:
    """Blocks an empty collection and an empty source layer's collection; warns where at most half is left."""
    count = len(context.features.frame)
    before = len(context.before) if context.before is not None else 0
    file = context.tables[0].file if context.tables else None
    layer = context.tables[0].layer if context.tables else None
    if count == 0:
        was = f"前の版には {before:,} 件ありました。" if before else ""
        yield Finding(
            rule="not_empty",
            severity="block",
            message=f"地物が一つもありません。{was}",
            advice="資料が空でないか、layer と絞り込み (where) が正しいかを確かめてください。",
            file=file,
            layer=layer,
        )
        return
    if before and count * 2 <= before:
        yield Finding(
            rule="not_empty",
            severity="warn",
            message=f"地物が前の版の半分以下に減りました ({before:,} 件 → {count:,} 件)。",
            advice="資料が途中で切れていないか、全域が届いているかを確かめてください。",
            file=file,
            layer=layer,
            value=str(count),
        )
    for table in context.tables:
        if not len(table.frame):
            yield Finding(
                rule="not_empty",
                severity="warn",
                message="このファイルには地物がありません。",
                advice="要らないファイルなら取り除き、要るなら資料を確かめてください。",
                file=table.file,
                layer=table.layer,
            )
