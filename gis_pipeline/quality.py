"""What was found and fitted → the report that staff read: one HTML page that needs no network, and a CSV."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from jinja2 import Environment, PackageLoader

from gis_pipeline.model import Change, Finding, Service, SheetFit, Transformation

SEVERITIES = {"block": "直す", "warn": "確かめる", "info": "お知らせ"}
HEADINGS = "地図 版 扱い 規則 ファイル レイヤ 番号 図郭 属性 値 X_north_m Y_east_m 経度 緯度 内容 対応"
OF_EACH_KIND = 5
"""So many findings of one rule, field and advice stand on the terminal; the report has them all."""
FIRST = 20
"""So many blocking findings stand at the top of the page."""
KINDS = {
    "new": "新しい版",
    "corrected": "訂正",
    "restyled": "見た目・説明の変更",
    "unchanged": "変更なし",
    "removed": "公開をやめる",
}


@dataclass(frozen=True)
class Section:
    """One edition of one collection in the report; `count` and `change` are None where nothing could be read."""

    collection_id: str
    title: str
    edition: str
    count: int | None
    change: Change | None
    findings: tuple[Finding, ...]
    fits: tuple[SheetFit, ...] = ()
    transformations: tuple[Transformation, ...] = ()

    @property
    def blocking(self) -> int:
        """How many findings stop the publication."""
        return sum(finding.severity == "block" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings a person should look at."""
        return sum(finding.severity == "warn" for finding in self.findings)

    @property
    def worst_first(self) -> tuple[Finding, ...]:
        """The findings in the order in which people should look at them."""
        order = list(SEVERITIES)
        return tuple(sorted(self.findings, key=lambda finding: order.index(finding.severity)))


@dataclass(frozen=True)
class Report:
    """点検結果: everything one build found. `candidate` is None if it was blocked or only checked."""

    service: Service
    made_at: dt.datetime
    candidate: int | None
    sections: tuple[Section, ...]

    @property
    def blocking(self) -> int:
        """How many findings stop the publication."""
        return sum(section.blocking for section in self.sections)

    @property
    def warnings(self) -> int:
        """How many findings a person should look at."""
        return sum(section.warnings for section in self.sections)

    @property
    def changed(self) -> bool:
        """Whether anything differs from the live release."""
        return any(section.change is not None for section in self.sections)

    @property
    def first_to_mend(self) -> tuple[tuple[Section, Finding], ...]:
        """The first blocking findings, for the top of the page."""
        blocking = ((section, one) for section in self.sections for one in section.findings if one.severity == "block")
        return tuple(islice(blocking, FIRST))


def where(finding: Finding) -> str:
    """The place of a finding in the material, in one line."""
    parts = (
        finding.file,
        f"レイヤ {finding.layer}" if finding.layer else None,
        f"{finding.record} 番目" if finding.record is not None else None,
        f"図郭 {finding.sheet}" if finding.sheet else None,
        f"属性「{finding.field}」" if finding.field else None,
    )
    return "・".join(part for part in parts if part) or "全体"


def sentence(finding: Finding) -> str:
    """A finding in one line, for the terminal."""
    return f"[{SEVERITIES[finding.severity]}] {where(finding)}: {finding.message} {finding.advice}".rstrip()


def first_of_each_kind(findings: Iterable[Finding]) -> tuple[list[Finding], int]:
    """What a terminal can show of the findings that block or warn, and how many more there are."""
    kinds: Counter[tuple[str, ...]] = Counter()
    shown: list[Finding] = []
    for finding in findings:
        if finding.severity == "info":
            continue
        kind = (finding.rule, finding.severity, finding.field or "", finding.advice)
        kinds[kind] += 1
        if kinds[kind] <= OF_EACH_KIND:
            shown.append(finding)
    return shown, kinds.total() - len(shown)


def write_report(report: Report, folder: Path) -> Path:
    """Writes report.html and findings.csv (UTF-8 with BOM, so that Excel opens it); returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(loader=PackageLoader("gis_pipeline"), autoescape=True)
    page = environment.get_template("report.html").render(
        report=report, kinds=KINDS, severities=SEVERITIES, where=where
    )
    target = folder / "report.html"
    target.write_text(page, encoding="utf-8")
    with (folder / "findings.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(_rows(report))
    return target


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    yield tuple(HEADINGS.split())
    for section in report.sections:
        for one in section.findings:
            place = one.place
            yield (
                section.title, section.edition, SEVERITIES[one.severity], one.rule, one.file, one.layer, one.record,
                one.sheet, one.field, one.value, place and place.northing_m, place and place.easting_m,
                place and place.lon, place and place.lat, one.message, one.advice,
            )  # fmt: skip
