from __future__ import annotations

from tests.checks.planting import districts, examine, only, youto


def test_without_a_sentence_of_permission_it_is_for_viewing_only() -> None:
    finding = only(examine(districts(), youto(permission="")), "info")
    assert (finding.rule, finding.severity) == ("permissions", "info")
    assert finding.message == "利用条件の一文 (permission) がないため、閲覧だけになります。ダウンロードは出しません。"
