"""Columns that no declaration names: only declared fields leave the pipeline, and it is said which do not."""

from __future__ import annotations

from collections.abc import Iterator

from gis_pipeline.japanese import nfkc
from gis_pipeline.members import Context
from gis_pipeline.model import Finding

TITLE = "公開しない列"


def check(context: Context) -> Iterator[Finding]:
    """One piece of information per source table that has undeclared columns; sheets (図郭) have no source columns."""
    collection = context.collection
    if collection.scan is not None:
        return
    source = collection.source
    used = {nfkc(name) for field in collection.fields.values() for name in field.sources}
    used |= {nfkc(name) for name in (*collection.feature_id, source.easting, source.northing) if name}
    if source.where is not None:
        used.add(nfkc(source.where.field))
    for table in context.tables:
        geometry = getattr(table.frame, "_geometry_column_name", None)
        unused = [str(name) for name in table.frame.columns if name != geometry and nfkc(str(name)) not in used]
        if unused:
            yield Finding(
                rule="undeclared_fields",
                severity="info",
                message=f"宣言にない列は公開しません: {'、'.join(unused)}。",
                advice="公開する列は collection.toml の [fields] に書いてください。",
                file=table.file,
                layer=table.layer,
            )
