"""What a new edition is held against: the other drafts of this build, and the live release."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gis_pipeline.catalog import Snapshot
from gis_pipeline.errors import Absent
from gis_pipeline.intake import Draft
from gis_pipeline.members import Features
from gis_pipeline.model import Collection, Release

_ROWS = 20_000
_DTYPES = {"TEXT": "string", "INTEGER": "Int64", "REAL": "Float64"}


def read_published(store: Path, frame_crs: str) -> gpd.GeoDataFrame:
    """The features of a published `store.sqlite` as `Features.frame`: index fid, town frame, declared columns."""
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        columns = [(column[1], column[2]) for column in connection.execute("PRAGMA table_info(attribute)")]
        cursor = connection.execute(
            "SELECT feature.fid, feature.town, attribute.* FROM feature JOIN attribute USING (seq) ORDER BY seq"
        )
        parts = [_published_part([], columns)]
        while rows := cursor.fetchmany(_ROWS):
            parts.append(_published_part(rows, columns))
    table = pd.concat(parts)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=gpd.GeoSeries(table["geometry"], crs=frame_crs))


def _published_part(rows: list[tuple[Any, ...]], columns: list[tuple[str, str]]) -> pd.DataFrame:
    """Some rows of fid, town, seq and the attributes (names and SQL types given) as a table with its geometry."""
    table = pd.DataFrame([row[2:] for row in rows], columns=[name for name, _ in columns])
    table = table.astype({name: _DTYPES.get(kind, "string") for name, kind in columns}).drop(columns="seq")
    table.index = pd.Index([row[0] for row in rows], name="fid", dtype="str")
    table["geometry"] = pd.Series(shapely.from_wkb([row[1] for row in rows]), index=table.index, dtype="object")
    return table


@dataclass(frozen=True)
class Reference:
    """The drafts of this build first, else the live release; by collection and day."""

    root: Path
    live: Release
    drafts: tuple[Draft, ...]

    def features(self, collection_id: str, on: dt.date) -> gpd.GeoDataFrame | None:
        """The features of a collection in force on a day; before its first edition, those of the first."""
        known = [one for one in self.drafts if one.job.collection.id == collection_id and one.features is not None]
        in_force = [one for one in known if one.job.edition.date <= on] or known[:1]
        if in_force:
            features = in_force[-1].features
            return features.frame if features is not None else None
        return self._published(collection_id, on)

    def before(self, draft: Draft) -> gpd.GeoDataFrame | None:
        """The edition before: the newest earlier draft, or the published edition in force on the draft's day."""
        day = draft.job.edition.date
        earlier = [one for one in self.drafts if one.job.collection.id == draft.job.collection.id]
        earlier = [one for one in earlier if one.job.edition.date < day and one.features is not None]
        if earlier and earlier[-1].features is not None:
            return earlier[-1].features.frame
        return self._published(draft.job.collection.id, day)

    def related(self, collection: Collection, on: dt.date) -> Mapping[str, Features]:
        """The collections that the declaration says this one lies in."""
        found = {relation.inside: self.features(relation.inside, on) for relation in collection.relations}
        empty = pd.DataFrame(columns=["file", "layer", "record"])
        return {name: Features(collection, frame, empty) for name, frame in found.items() if frame is not None}

    def town(self, boundary: str, on: dt.date) -> shapely.Geometry | None:
        """The 町域 in the town frame on a day; None if the service declares none or it is not there."""
        frame = self.features(boundary, on) if boundary else None
        if frame is None or not len(frame):
            return None
        return shapely.union_all(shapely.make_valid(frame.geometry.array[~frame.geometry.isna()]))

    def _published(self, collection_id: str, on: dt.date) -> gpd.GeoDataFrame | None:
        try:
            published = Snapshot(self.live, self.root).edition(collection_id, on=on)
        except Absent:
            return None
        return read_published(published.file("store.sqlite"), published.edition.frame)
