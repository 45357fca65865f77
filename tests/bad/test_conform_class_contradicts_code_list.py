from __future__ import annotations

from tests.checks.planting import YOUTO, districts, examine, only, youto


def test_a_declared_class_that_means_another_district_blocks() -> None:
    finding = only(
        examine(
            districts(), youto(classes=[*YOUTO["classes"], {"code": "8", "title": "近隣商業地域", "colour": "#ffe7f7"}])
        )
    )
    assert (finding.rule, finding.severity) == ("conform", "block")
    assert finding.message == "[[classes]] のコード 8「近隣商業地域」は、コード表 i-ur では「田園住居地域」です。"
    assert finding.field == "youto"
