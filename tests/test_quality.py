"""The report that staff read: everything found is in it, the worst first, nothing from outside."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from gis_pipeline.model import JST, Change, Finding, Place
from gis_pipeline.quality import (
    FIRST,
    OF_EACH_KIND,
    Report,
    Section,
    first_of_each_kind,
    sentence,
    where,
    write_report,
)
from tests.published import SERVICE

FINDING = Finding(
    rule="codes",
    severity="block",
    message="容積率 90 % は法の定める値にありません。",
    advice="図書で確かめてください。",
    file="youto.shp",
    record=7,
    field="yoseki",
    value="<90>",
    place=Place(easting_m=-50455.1, northing_m=-28535.9, lon=139.2755, lat=35.7415),
)


CHANGE = Change(collection="youto", edition="2026-04-01", kind="new", added=3)


def _report(*findings: Finding) -> Report:
    section = Section("youto", "用途地域", "2026-04-01", 3, CHANGE, findings)
    return Report(SERVICE, dt.datetime(2026, 11, 24, tzinfo=JST), None, (section,))


def _page(report: Report, folder: Path) -> str:
    return write_report(report, folder).read_text(encoding="utf-8")


def test_a_blocked_report_says_so_and_that_nothing_changed(tmp_path: Path) -> None:
    page = _page(_report(FINDING), tmp_path)
    assert "このままでは公開できません" in page
    assert "公開中の地図は変わっていません" in page


@pytest.mark.parametrize(
    ("candidate", "change", "verdict"),
    [
        (7, CHANGE, "公開案（7 番）ができました"),
        (None, CHANGE, "点検だけを行い、公開案は作っていません"),
        (None, None, "公開中の地図から変わったところはありません。公開案はありません。"),
    ],
)
def test_the_verdict_says_whether_there_is_a_candidate(
    tmp_path: Path, candidate: int | None, change: Change | None, verdict: str
) -> None:
    warning = FINDING.model_copy(update={"severity": "warn"})
    section = Section("youto", "用途地域", "2026-04-01", 3, change, (warning,))
    page = _page(Report(SERVICE, dt.datetime(2026, 11, 24, tzinfo=JST), candidate, (section,)), tmp_path)
    assert verdict in page
    assert "確かめるところが 1 件" in page
    assert ("ができました" in page) == (candidate is not None)


def test_a_finding_is_shown_with_place_message_and_advice(tmp_path: Path) -> None:
    page = _page(_report(FINDING), tmp_path)
    for text in ("youto.shp・7 番目・属性「yoseki」", FINDING.message, FINDING.advice, "X -28535.9", "東経 139.275500"):
        assert text in page


def test_what_blocks_stands_before_what_is_only_to_be_known(tmp_path: Path) -> None:
    given = [
        FINDING.model_copy(update={"severity": severity, "message": f"指摘 {severity}。"})
        for severity in ("info", "warn", "block")
    ]
    table = _page(_report(*given), tmp_path).split("指摘 3 件")[1]
    assert re.findall(r"指摘 (\w+)。", table) == ["block", "warn", "info"]


def test_values_of_the_material_cannot_become_markup(tmp_path: Path) -> None:
    assert "値: &lt;90&gt;" in _page(_report(FINDING), tmp_path)


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", _page(_report(FINDING), tmp_path))


@pytest.mark.parametrize("count", [FIRST, FIRST + 3])
def test_what_does_not_fit_the_top_is_counted(tmp_path: Path, count: int) -> None:
    page = _page(_report(*[FINDING] * count), tmp_path)
    assert ("ほかに 3 件あります" in page) is (count > FIRST)


def test_the_table_for_excel_has_every_finding_with_north_and_east_told_apart(tmp_path: Path) -> None:
    write_report(_report(FINDING, FINDING.model_copy(update={"severity": "info", "place": None})), tmp_path)
    content = (tmp_path / "findings.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert [row["扱い"] for row in rows] == ["直す", "お知らせ"]
    assert (rows[0]["X_north_m"], rows[0]["Y_east_m"]) == ("-28535.9", "-50455.1")


def test_a_finding_in_one_line_names_place_and_advice() -> None:
    assert sentence(FINDING) == f"[直す] {where(FINDING)}: {FINDING.message} {FINDING.advice}"


def test_a_finding_without_a_place_is_about_the_whole() -> None:
    assert where(Finding(rule="x", severity="warn", message="m")) == "全体"


def test_the_terminal_shows_the_first_of_each_kind_and_counts_the_rest() -> None:
    other = FINDING.model_copy(update={"field": "kenpei"})
    note = FINDING.model_copy(update={"severity": "info"})
    many = [FINDING.model_copy(update={"record": record}) for record in range(1, 41)]
    shown, rest = first_of_each_kind([*many, note, other])
    assert [finding.record for finding in shown] == [*range(1, OF_EACH_KIND + 1), other.record]
    assert rest == 40 - OF_EACH_KIND
