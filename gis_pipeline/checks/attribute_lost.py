"""An attribute that the edition before had and this one has nowhere: a column renamed or left out in a delivery."""

from __future__ import annotations

from collections.abc import Iterator

from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "失われた属性"


def check(context: Context) -> Iterator[Finding]:
    """Blocks where a declared field had values in the edition before and has none now.

    A lost attribute is worse than a stopped build, and column names do change between deliveries. The fields of a sheet
    (図郭) cannot be taken out of the declaration, so there it is a warning.
    """
    frame, before = context.features.frame, context.before
    if before is None or not len(frame):
        return
    for name, field in context.collection.fields.items():
        if name not in before.columns or name not in frame.columns:
            continue
        had = int(before[name].notna().sum())
        if had and frame[name].isna().all():
            yield Finding(
                rule="attribute_lost",
                severity="warn" if context.collection.scan else "block",
                message=f"「{field.title}」の値が一つもありません。前の版では {had:,} 件にありました。",
                advice=f"列の名前が変わったのなら、edition.toml の [fields] の {name} の source を直してください。"
                "この属性をやめるのなら、collection.toml の [fields] から除いてください。",
                file=context.tables[0].file if context.tables else None,
                field=name,
            )
