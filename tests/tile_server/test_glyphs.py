"""Every text of the sample can be drawn with the packaged font."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from gis_pipeline.cartography import label_text
from gis_pipeline.catalog import Catalog
from gis_pipeline.model import today_in_japan
from tile_server.glyphs import missing, outline


def test_every_label_attribute_and_legend_of_the_sample_has_its_glyphs(sample: Path) -> None:
    snapshot = Catalog(sample / "published", None, today_in_japan).snapshot()
    looked_at = 0
    for entry in snapshot.collections():
        declaration = entry.declaration
        words = [declaration.title, declaration.description, declaration.attribution, *declaration.notices]
        words += [word for one in declaration.classes for word in (one.title, one.short)]
        words += [word for field in declaration.fields.values() for word in (field.title, field.unit)]
        published = snapshot.edition(declaration.id, on=today_in_japan())
        asset = published.edition.asset_of("geojson")
        if asset is not None:
            for feature in orjson.loads(published.file(asset.name).read_bytes())["features"]:
                properties = feature["properties"]
                words += [value for value in properties.values() if isinstance(value, str)]
                words.append(label_text(declaration, properties))
                looked_at += 1
        assert missing("".join(words)) == frozenset(), declaration.id
    assert looked_at > 100


@pytest.mark.parametrize("character", "㎡①﨑髙𠮷槗")
def test_a_glyph_is_its_own_and_no_box(character: str) -> None:
    assert not missing(character)
    assert outline(character).path not in {outline("〓").path, outline("\U0002a6df").path, ""}
