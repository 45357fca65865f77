"""The vocabulary: what is declared, what is found, what is published. Values only: no I/O, no GIS import.

Everything here is read from or written to a file, so it is a frozen pydantic model that refuses unknown keys.
What lives only in memory (tables, features, placed sheets) is in `gis_pipeline.members`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Key

JST = dt.timezone(dt.timedelta(hours=9), "Asia/Tokyo")

CollectionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=60)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$", max_length=60)]
EditionId = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}(\.\d+)?$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Act = Literal["screen", "tiles", "print", "raw download", "paid copy"]
Severity = Literal["block", "warn", "info"]
Role = Literal["use_district", "fire", "planned_road", "road", "parcel", "boundary", "address", "sheets", "other"]
CodeList = Literal["i-ur", "two-digit", "ksj-a29"]
FitMethod = Literal["affine", "projective", "polynomial2", "thin_plate_spline"]

RESERVED = frozenset({"fid", "seq", "geom", "geometry", "bbox"})
"""Names that published files use themselves."""
RESERVED_IDS = frozenset({"sprite"})
"""Ids whose addresses are those of something else: /styles/sprite.json holds the patterns of every style."""

MAP_LEVEL_ACCURACY_M = {250: 0.12, 500: 0.25, 1000: 0.70, 2500: 1.75, 5000: 3.5, 10000: 7.0}
"""Standard deviation of position in metres for each map level (地図情報レベル; 作業規程の準則)."""


class Model(BaseModel):
    """Frozen; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BBox(Model):
    """Longitudes and latitudes in degrees, JGD2011 taken as WGS 84; west ≤ east, south ≤ north."""

    west: float
    south: float
    east: float
    north: float


# ------------------------------------------------------------------ service.toml


class Contact(Model):
    """窓口: the office to ask about a theme."""

    theme: str
    office: str
    phone: str = ""
    url: str = ""


class Service(Model):
    """service.toml: the town, its frame and its terms.

    `crs` is the town frame: any metric projected CRS, e.g. EPSG:6677 (平面直角座標系 第IX系).
    `fictional` marks a sample: 見本・架空 is then shown wherever the maps are.
    """

    name: str
    code: str
    crs: str
    title: str = ""
    fictional: bool = False
    boundary: str = Key("", description="町域の collection の id。町域外の点検に使う")
    contacts: tuple[Contact, ...] = ()
    terms: str = ""
    disclaimer: str = "この地図は参考図であり、証明書ではありません。"
    attribution: str = ""
    base_maps: tuple[Literal["scan", "gsi", "blank"], ...] = ("scan", "gsi", "blank")


# ------------------------------------------------------------------ collection.toml


class Where(Model):
    """Keeps the records whose `field` has one of `values` (compared as text after NFKC)."""

    field: str
    values: tuple[str, ...]


class Source(Model):
    """[source]: which files, and what they do not say themselves.

    `crs` is an authority code or WKT; it is needed where the file has none and must agree where it has one.
    `easting`/`northing` name the columns of a CSV's coordinates (経度/緯度 for a geographic CRS).
    """

    files: str = "*"
    layer: str | None = None
    where: Where | None = None
    crs: str | None = None
    encoding: str | None = None
    easting: str | None = None
    northing: str | None = None
    accept_accuracy_m: float | None = Key(None, gt=0, description="座標変換の精度がこの値まで悪くてもよい。公開される")


FieldType = Literal["text", "code", "integer", "number", "percent", "date", "class"]


class Field(Model):
    """One published attribute (属性): where it comes from and what it means.

    `source`: one column, or several of which the first present is used; for `type = "class"` all that are
    present must agree (code and name). Types: "code" is text that keeps leading zeros after NFKC;
    "percent" is a whole number of percent from 200, "200%", 200.0 or a ratio; "date" is ISO 8601, possibly
    only "YYYY" or "YYYY-MM", from Western dates and 和暦. `personal` admits a field that looks personal.
    """

    source: str | tuple[str, ...]
    type: FieldType = "text"
    title: str
    unit: str = ""
    codes: CodeList | None = None
    required: bool = False
    personal: bool = False
    description: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns in order of preference."""
        return (self.source,) if isinstance(self.source, str) else self.source


class FeatureClass(Model):
    """区分: one class of a classified collection, and how it is drawn."""

    code: str
    title: str
    short: str = ""
    colour: Colour
    pattern: Literal["none", "hatch", "cross", "dots", "dash"] = "none"


class Approval(Model):
    """承認: one permission this collection rests on (測量法29・30・43・44条, 著作権許諾)."""

    kind: str
    grantor: str
    number: str
    date: dt.date
    expires: dt.date | None = None
    acts: tuple[Act, ...]
    notice: str = ""


class Relation(Model):
    """Every feature must lie inside the features of another collection."""

    inside: CollectionId


class Scan(Model):
    """[scan]: how the sheets (図郭) of a collection of scans are placed.

    `pixel_m` is the lattice of the masters in town metres and divides the sheet's width and height.
    `neatline = "code"` clips to the rectangle of the sheet code, `"corners"` to the four control points
    or declared corners, `"none"` keeps the whole page. `tolerance_m` defaults to the map level's accuracy.
    `dpi` is for pages that must be rendered. `quality` is that of JPEG and WebP.
    """

    method: FitMethod = "affine"
    pixel_m: float = Key(gt=0)
    neatline: Literal["code", "corners", "none"] = "code"
    tolerance_m: float | None = Key(None, gt=0)
    dpi: int = Key(400, ge=72, le=1200)
    quality: int = Key(82, ge=1, le=100)


class SheetDeclaration(Model):
    """[[sheets]] in edition.toml: what the file of one sheet does not say itself.

    Without an entry the sheet code is the file's stem. `corners` are (easting_m, northing_m) in the source
    CRS, in the order NW, NE, SE, SW. `surveyed`/`revised` are 測量年月 and 最終補正年月 as printed.
    """

    file: str
    page: int = Key(1, ge=1)
    code: str
    title: str = ""
    surveyed: str = ""
    revised: str = ""
    points: str | None = Key(None, description="基準点ファイル (.points)。なければ画像名 + .points")
    corners: tuple[tuple[float, float], ...] | None = Key(None, min_length=4, max_length=4)


class Collection(Model):
    """collection.toml: one layer, declared once; the check, style, legend and documents derive from it."""

    id: CollectionId = Key(default="unnamed", description="フォルダ名から決まる")
    title: str
    description: str = ""
    theme: str = ""
    role: Role = "other"
    geometry: Literal["polygon", "line", "point", "none"]
    coverage: str = "town"
    licence: str = ""
    permission: str = Key("", description="受け取った人が断りなくできることの一文。なければ閲覧のみ")
    attribution: str = ""
    authority: str = ""
    legal_basis: str = ""
    document: str = Key("", description="計画図・総括図・道路台帳・参考図など、この図の法的な位置づけ")
    status: Literal["案", "決定", "廃止"] = "決定"
    map_level: int = 2500
    accuracy_m: float | None = Key(None, gt=0)
    on_expiry: Literal["keep-with-notice", "withdraw"] = "keep-with-notice"
    outputs: tuple[str, ...] = ("geojson", "geopackage", "pmtiles")
    zooms: tuple[int, int] = (8, 16)
    label: str = ""
    feature_id: tuple[str, ...] = Key((), description="地物を見分ける元の列。なければ形と属性から決まる")
    search: tuple[FieldName, ...] = ()
    relations: tuple[Relation, ...] = ()
    source: Source = Source()
    fields: dict[FieldName, Field] = {}
    classes: tuple[FeatureClass, ...] = ()
    scan: Scan | None = None
    approvals: tuple[Approval, ...] = ()

    @property
    def tolerance_m(self) -> float:
        """Standard deviation of position in metres: declared, or that of the map level."""
        return self.accuracy_m or MAP_LEVEL_ACCURACY_M.get(self.map_level, self.map_level * 0.0007)

    @property
    def class_field(self) -> str | None:
        """The field that carries the class, if the collection is classified."""
        return next((name for name, field in self.fields.items() if field.type == "class"), None)

    @property
    def notices(self) -> tuple[str, ...]:
        """The sentences of the permissions, to be shown with every use."""
        return tuple(dict.fromkeys(approval.notice for approval in self.approvals if approval.notice))

    @property
    def downloadable(self) -> bool:
        """A collection that does not say what a recipient may do is for viewing only (domain: 利用条件)."""
        return bool(self.permission)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not 0 <= self.zooms[0] <= self.zooms[1] <= 22:
            raise ValueError("zooms は [最小, 最大] で 0〜22 の範囲にしてください。")
        if (self.scan is not None) != (self.role == "sheets"):
            raise ValueError('role = "sheets" と [scan] は一緒に書いてください。')
        derived = {f"{name}_name" for name, field in self.fields.items() if field.type == "class"}
        if reserved := (RESERVED | derived) & set(self.fields):
            raise ValueError(f"[fields] の名前「{'、'.join(sorted(reserved))}」は使えません。別の名前にしてください。")
        for name in self.search:
            if name not in self.fields and self.scan is None:
                raise ValueError(f"search の「{name}」は [fields] にありません。")
        class_fields = [name for name, field in self.fields.items() if field.type == "class"]
        if len(class_fields) > 1:
            raise ValueError(f'区分 (type = "class") は一つだけにしてください: {", ".join(class_fields)}')
        if class_fields and not self.classes:
            raise ValueError(f"区分「{class_fields[0]}」の [[classes]] がありません。")
        return self


class EditionDeclaration(Model):
    """edition.toml: what differs in one delivery. Every key is optional."""

    title: str = ""
    notice_number: str = Key("", description="告示番号")
    notice_date: dt.date | None = None
    extends: EditionId | None = None
    remove: tuple[str, ...] = ()
    source: Source | None = None
    fields: dict[FieldName, Field] | None = None
    approvals: tuple[Approval, ...] | None = None
    map_level: int | None = None
    sheets: tuple[SheetDeclaration, ...] = ()


# ------------------------------------------------------------------ findings


class Place(Model):
    """A point in the town frame, metres, and the same in degrees where it could be computed."""

    easting_m: float
    northing_m: float
    lon: float | None = None
    lat: float | None = None


class Finding(Model):
    """指摘: one thing found in the material: what is wrong, where, and what to do.

    `rule` is the name of the check (or of the stage: "read", "conform", "place"). `block` stops publication.
    """

    rule: str
    severity: Severity
    message: str
    advice: str = ""
    file: str | None = None
    layer: str | None = None
    record: int | None = None
    field: str | None = None
    sheet: str | None = None
    value: str | None = None
    place: Place | None = None


# ------------------------------------------------------------------ what is published


class SourceFile(Model):
    """One file of the material, relative to the edition's folder."""

    name: str
    size: int
    sha256: Sha256


class Transformation(Model):
    """The coordinate operation from one source CRS into the town frame.

    `accuracy_m` is the operation's stated accuracy; 0 for a pure map projection.
    `accepted_m` is set where the declaration accepted a worse one in writing.
    """

    source_crs: str
    target_crs: str
    operation: str
    accuracy_m: float
    accepted_m: float | None = None
    grids: tuple[str, ...] = ()


class SheetFit(Model):
    """The placing of one sheet: residuals in town metres over the enabled control points."""

    code: str
    file: str
    page: int = 1
    method: str
    points: int
    points_disabled: int = 0
    rmse_m: float
    max_residual_m: float
    pixel_size_m: float
    tolerance_m: float


class Asset(Model):
    """One published file, relative to the edition's folder."""

    name: str
    output: str
    media_type: str
    act: Act
    size: int
    sha256: Sha256


class Dated(Model):
    """What has an edition id: the day it takes effect, with ".2", ".3" … for corrections."""

    id: EditionId

    @property
    def takes_effect(self) -> dt.date:
        """The day from 00:00 Asia/Tokyo of which this edition is in force."""
        return dt.date.fromisoformat(self.id[:10])


class Edition(Dated):
    """edition.json (版): everything about one published state of one collection. Never changes once written.

    `approvals` are only those that edition.toml states; else the declaration of the live release counts.

    `key` is the hash of the material, of the declaration's data-shaping parts and of the writers' versions: the
    same key is the same data.
    """

    collection: CollectionId
    key: Sha256
    built_at: dt.datetime
    title: str = ""
    notice_number: str = ""
    notice_date: dt.date | None = None
    geometry: str
    count: int
    bbox: BBox | None
    frame: str
    map_level: int
    accuracy_m: float
    zooms: tuple[int, int]
    sources: tuple[SourceFile, ...]
    transformations: tuple[Transformation, ...]
    fits: tuple[SheetFit, ...] = ()
    findings: tuple[Finding, ...] = ()
    approvals: tuple[Approval, ...] = ()
    assets: tuple[Asset, ...] = ()

    def asset(self, name: str) -> Asset | None:
        """The asset of that name."""
        return next((asset for asset in self.assets if asset.name == name), None)

    def asset_of(self, output: str) -> Asset | None:
        """The first asset that the named output wrote."""
        return next((asset for asset in self.assets if asset.output == output), None)


class EditionEntry(Dated):
    """One line of the catalogue: an edition that was ever published, and its state.

    `path` is its folder relative to the published tree. `superseded` = replaced by a correction or taken out
    by a rollback: still answered under its own id, never in force.
    """

    key: Sha256
    state: Literal["live", "superseded", "withdrawn"]
    path: str
    reason: str = ""
    released_in: int = 0

    @property
    def order(self) -> tuple[dt.date, int]:
        """Sorts editions by day, then by correction."""
        correction = int(self.id[11:]) if len(self.id) > 10 else 1
        return self.takes_effect, correction


class CollectionEntry(Model):
    """A collection in a release: how it is presented, and every edition it ever had."""

    declaration: Collection
    editions: tuple[EditionEntry, ...]


class Release(Model):
    """catalog.json and releases/NNNNNN.json (公開): the whole live state, replaced as one.

    `approved_by` is the number of the office's decision (決裁番号) and `approved_on` its day. In a candidate
    both are empty and `number` is that of the release it would become.
    """

    format: Literal[1] = 1
    number: int
    made_at: dt.datetime
    approved_by: str = ""
    approved_on: dt.date | None = None
    note: str = ""
    service: Service
    collections: tuple[CollectionEntry, ...]

    def entry(self, collection_id: str) -> CollectionEntry | None:
        """The entry of one collection."""
        return next((entry for entry in self.collections if entry.declaration.id == collection_id), None)


class Change(Model):
    """One line of a difference report: how one collection differs from the live release."""

    collection: CollectionId
    edition: EditionId
    kind: Literal["new", "corrected", "restyled", "unchanged", "removed"]
    added: int = 0
    removed: int = 0
    changed: int = 0
    moved: int = 0
    examples: tuple[str, ...] = ()


class Candidate(Model):
    """candidate.json (公開案): what a build made, the release it was built against, and what would change."""

    number: int
    base_release: int
    built_at: dt.datetime
    release: Release
    differences: tuple[Change, ...]
    blocking: int
    warnings: int


def today_in_japan() -> dt.date:
    """Today's date in Asia/Tokyo, by which editions come into force."""
    return dt.datetime.now(JST).date()
