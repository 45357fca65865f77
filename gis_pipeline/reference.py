"""What a new edition is held against: the other drafts of this build, and the live release."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from gis_pipeline.catalog import Snapshot
from gis_pipeline.errors import Absent
from gis_pipeline.intake import Draft
from gis_pipeline.members import Features
from gis_pipeline.model import Collection, Release

_DTYPES = {"TEXT": "string", "INTEGER": "Int64", "REAL": "Float64"}


def read_published(store: Path, frame_crs: str) -> gpd.GeoDataFrame:
    """The features of a published `store.sqlite` as `Features.frame`: index fid, town frame, declared columns."""
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        columns = connection.execute("PRAGMA table_info(attribute)").fetchall()
        rows = connection.execute(
            "SELECT feature.fid, feature.town, attribute.* FROM feature JOIN attribute USING (seq) ORDER BY seq"
        ).fetchall()
    table = pd.DataFrame([row[2:] for row in rows], columns=[column[1] for column in columns])
    table = table.astype({column[1]: _DTYPES.get(column[2], "string") for column in columns}).drop(columns="seq")
    geometry = shapely.from_wkb([row[1] for row in rows])
    index = pd.Index([row[0] for row in rows], name="fid", dtype="str")
    return gpd.GeoDataFrame(table.set_index(index), geometry=gpd.GeoSeries(geometry, index=index, crs=frame_crs))


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
