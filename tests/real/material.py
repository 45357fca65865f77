"""Puts a town's declarations and the real files it names together into a source tree, builds and publishes it.

The declarations are in the project (`tests/real/<town>/`); the files stay where they are and are only copied into a
folder of the test. `material.toml` says which file of `../shared/data` is the material of which edition:

    folder = "chino_plateau_devperm"                # below ../shared/data

    [editions]
    "youto/2025-03-21" = ["judgement_layers/use_districts/*"]

`[addresses]` names a JSON list of places ({"town": …, "koaza": …, "lat": …, "lng": …}); that is no map format, so it
is written down as a CSV with columns of coordinates, every value as it stands. `[lost_characters]` names files in
which characters were lost before they were delivered (U+FFFD stands in the file): the check stops them, and they are
marked with 〓 as an office would before it publishes; `as_delivered` leaves them.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import shutil
import sqlite3
import tomllib
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gis_pipeline import publishing
from gis_pipeline.build import Folders, Outcome, build
from gis_pipeline.catalog import Catalog, Published
from gis_pipeline.model import Candidate, Finding

HERE = Path(__file__).resolve().parent
APPROVAL = "試験-実データ"
LOST, GETA = "\ufffd".encode(), "〓".encode()
"""What a decoder leaves where it lost a character, and the printers' mark for one; three bytes each."""


def towns() -> tuple[str, ...]:
    """The folders that have a mapping of material."""
    return tuple(sorted(path.parent.name for path in HERE.glob("*/material.toml")))


def declared(town: str) -> tuple[str, ...]:
    """The collections a town declares."""
    return tuple(sorted(path.parent.name for path in (HERE / town).glob("*/collection.toml")))


def assemble(town: str, shared: Path, target: Path, *, as_delivered: bool = False) -> Path:
    """The source tree of a town below `target`; a file that the mapping names and that is missing is an error."""
    ignored = shutil.ignore_patterns("material.toml", "__pycache__", "*.py")
    shutil.copytree(HERE / town, target, ignore=ignored)
    mapping = tomllib.loads((HERE / town / "material.toml").read_text(encoding="utf-8"))
    source = shared / "data" / mapping["folder"]
    for edition, patterns in mapping["editions"].items():
        folder = target / edition
        folder.mkdir(parents=True, exist_ok=True)
        for pattern in patterns:
            found = sorted(path for path in source.glob(pattern) if path.is_file())
            if not found:
                raise FileNotFoundError(f"{town}/material.toml: {pattern} matches nothing in {source}")
            for path in found:
                shutil.copyfile(path, folder / path.name)
    for edition, name in mapping.get("addresses", {}).items():
        _write_csv(source / name, target / edition)
    for name, count in mapping.get("lost_characters", {}).items() if not as_delivered else ():
        content = (target / name).read_bytes()
        assert content.count(LOST) == count
        (target / name).write_bytes(content.replace(LOST, GETA))
    return target


def _write_csv(listed: Path, folder: Path) -> None:
    places: list[dict[str, str | float]] = json.loads(listed.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{listed.stem}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(places[0]))
        writer.writeheader()
        writer.writerows(places)


@dataclass(frozen=True)
class Town:
    """A town built from real files: its source tree, what the build said, and what was published."""

    name: str
    folders: Folders
    outcome: Outcome
    material: dict[str, str]
    """SHA-256 of every file of the source tree before the build."""

    @property
    def candidate(self) -> Candidate:
        """What the build made; the findings that block, if it made none."""
        assert self.outcome.candidate is not None, "\n".join(map(str, blocking(self.outcome)))
        return self.outcome.candidate

    def publish(self) -> Town:
        """Makes the candidate live."""
        publishing.publish(
            self.folders.published, self.candidate, approved_by=APPROVAL, approved_on=dt.date(2026, 11, 1)
        )
        return self

    @cached_property
    def catalog(self) -> Catalog:
        """The published tree."""
        return Catalog(self.folders.published)

    def published(self, collection: str) -> Published:
        """The edition in force today."""
        return self.catalog.snapshot().edition(collection)

    def findings(self, collection: str) -> tuple[Finding, ...]:
        """What was found in the edition in force."""
        return self.published(collection).edition.findings

    def features(self, collection: str) -> gpd.GeoDataFrame:
        """What `store.sqlite` holds, in published order: fid, properties as published, geometry in town metres."""
        published = self.published(collection)
        with closing(sqlite3.connect(published.file("store.sqlite"))) as store:
            rows = store.execute("SELECT fid, geojson, town FROM feature ORDER BY seq").fetchall()
        properties: list[dict[str, Any]] = [json.loads(row[1])["properties"] for row in rows]
        table = pd.DataFrame(
            {name: pd.Series([values[name] for values in properties], dtype=object) for name in properties[0]}
        )
        table.insert(0, "fid", [row[0] for row in rows])
        return gpd.GeoDataFrame(table, geometry=shapely.from_wkb([row[2] for row in rows]), crs=published.edition.frame)


def build_town(name: str, source: Path, work: Path) -> Town:
    """Builds what is in a source tree; nothing is published yet."""
    folders = Folders(source, work / "published", work / "work")
    before = hashes(source)
    return Town(name, folders, build(folders), before)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def blocking(outcome: Outcome) -> list[Finding]:
    """The findings that stop publication."""
    return [
        finding for section in outcome.report.sections for finding in section.findings if finding.severity == "block"
    ]
