from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_a_misspelt_column_blocks_and_the_near_one_is_named() -> None:
    misspelt = {"source": "FNNumbr", "title": "告示番号", "required": True}
    finding = only(examine(districts(), youto(fields={"kokuji": misspelt})))
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == (
        "「告示番号」の元の列 「FNNumbr」 がありません。「FNNumber」のことではありませんか。"
        "資料にある列: KANRI_NO、YoutoCode、YoutoName、BCR、FAR、INDate、FNDate、FNNumber。"
    )
    assert finding.field == "kokuji"
