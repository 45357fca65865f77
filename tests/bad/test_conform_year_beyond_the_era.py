from __future__ import annotations

from tests.checks.planting import districts, examine, only


def test_a_year_beyond_the_era_is_accepted_with_a_warning() -> None:
    finding = only(examine(districts(FNDate={5: "平成32年"})))
    assert (finding.rule, finding.severity) == ("conform", "warn")
    assert finding.message == "列「FNDate」の値「平成32年」: その元号にない日です。2020 としました。"
    assert finding.record == 5
    assert finding.field == "saishu"
