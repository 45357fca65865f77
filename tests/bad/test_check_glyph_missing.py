from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto

BEYOND = "\U00020bb7\U0002a6df"
"""𠮷 is in the font, the other (of extension B) is not."""


def test_a_character_without_a_glyph_is_told() -> None:
    finding = only(examine(districts(FNNumber={2: f"町告示{BEYOND}号"})))
    assert (finding.rule, finding.severity) == ("glyph_missing", "warn")
    assert finding.message == f"「告示番号」の値「町告示{BEYOND}号」の文字「{BEYOND[1]}」は、地図の書体にありません。"
    assert (finding.record, finding.field) == (2, "kokuji")


def test_a_word_of_the_legend_without_a_glyph_is_told() -> None:
    named = youto(title=f"用途{BEYOND[1]}")
    assert only(examine(districts(), named)).message == f"凡例の文字「{BEYOND[1]}」は、地図の書体にありません。"


def test_the_characters_that_towns_use_have_glyphs() -> None:
    assert not [one for one in examine(districts(FNNumber={2: "㎡①﨑髙𠮷槗"})) if one.severity != "info"]
