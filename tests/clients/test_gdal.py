"""GDAL: the commands of 3.6 (apt gdal-bin), and 3.12 as pyogrio brings it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyogrio
import pytest
import rasterio

from tests.clients.conftest import Run
from tests.clients.expected import COLLECTIONS, MATRIX_SETS, plain, published, rows, texts
from tests.clients.places import EAST_M, NORTH_M, SIZE_PX, SOUTH_M, WEST_M, shapes, shows_the_districts

# rasterio multiplies affine transforms in the way affine 3 will drop; nothing here can change that.

CRS = ("EPSG:6677", "EPSG:4326", "EPSG:6668", "EPSG:3857")
SHEET = "09KC971"
NOT_MADE = {("plan2500", "fgb")}
"""Sheets are handed out as GeoPackage and GeoJSON."""


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_feature_and_every_value_of_ogc_api_features(site: str, sample: Path, gdal: Run, name: str) -> None:
    output = gdal("ogr2ogr", "-f", "GeoJSON", "-lco", "RFC7946=NO", "/vsistdout/", f"OAPIF:{site}/api", name)
    features = json.loads(output)["features"]
    read = {one["properties"]["id"]: plain(one["properties"], leave=("id",)) for one in features}
    assert len(features) == len(read)
    assert read == rows(sample, name)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_layer_is_announced_with_its_count_and_its_place(site: str, sample: Path, gdal: Run, name: str) -> None:
    about = gdal("ogrinfo", "-ro", "-so", f"OAPIF:{site}/api", name)
    one = published(sample, name)
    assert f"Feature Count: {one.edition.count}\n" in about
    assert f"TITLE={one.declaration.title}\n" in about
    text = next(line for line in about.splitlines() if line.startswith("Extent: "))
    read = [float(part) for part in text.removeprefix("Extent: ").replace(") - (", ", ").strip("()").split(", ")]
    box = one.edition.bbox
    assert box is not None
    assert read == pytest.approx([box.west, box.south, box.east, box.north], abs=1e-6)


@pytest.mark.parametrize(("name", "crs"), [(name, crs) for name in COLLECTIONS for crs in CRS])
def test_every_crs_stands_where_the_map_stands(site: str, sample: Path, name: str, crs: str) -> None:
    """GDAL 3.12 asks for the CRS by its address and turns the axes by its definition."""
    read = pyogrio.read_dataframe(f"OAPIF:{site}/api", layer=name, CRS=crs).set_index("id")
    wanted = shapes(sample, name, crs).loc[read.index]
    assert len(read) == published(sample, name).edition.count
    degrees = crs in ("EPSG:4326", "EPSG:6668")
    apart = read.geometry.to_numpy()
    tolerance = 2e-8 if degrees else 2e-3
    for mine, theirs in zip(apart, wanted.geometry, strict=True):
        assert mine.bounds == pytest.approx(theirs.bounds, abs=tolerance)
        assert mine.hausdorff_distance(theirs) < tolerance


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in COLLECTIONS for kind in ("gpkg", "fgb") if (name, kind) not in NOT_MADE]
)
def test_files_are_read_from_afar(site: str, sample: Path, gdal: Run, name: str, kind: str) -> None:
    source = f"/vsicurl/{site}/download/{name}.{kind}"
    output = gdal("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", "-t_srs", "OGC:CRS84", source, name)
    features = json.loads(output)["features"]
    read = {one["properties"]["fid"]: plain(one["properties"], leave=("fid",)) for one in features}
    nothing = dict.fromkeys(next(iter(rows(sample, name).values())))  # what has no value is not in a FlatGeobuf
    assert {fid: nothing | row for fid, row in read.items()} == rows(sample, name)


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name != "plan2500"])
def test_geoparquet_is_read_over_http(site: str, sample: Path, name: str) -> None:
    """Neither GDAL has Parquet: geopandas reads what was sent."""
    with urlopen(f"{site}/download/{name}.parquet") as answer:
        read = gpd.read_parquet(io.BytesIO(answer.read()))
    assert read.crs.to_epsg() == 6677
    values = read.drop(columns=read.geometry.name).astype(object).where(lambda table: table.notna(), None)
    assert {row["fid"]: plain(row, leave=("fid",)) for row in values.to_dict("records")} == rows(sample, name)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_pmtiles_are_read_from_afar(site: str, sample: Path, name: str) -> None:
    read = pyogrio.read_dataframe(f"/vsicurl/{site}/download/{name}.pmtiles", layer=name, read_geometry=False)
    assert _texts(read) == {fid: texts(row) for fid, row in rows(sample, name).items()}


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name != "plan2500"])
def test_vector_tiles_by_their_address(site: str, sample: Path, gdal: Run, name: str) -> None:
    """The MVT driver: tiles of a zoom, with the TileJSON as their description."""
    around = shapes(sample, name, "EPSG:3857").total_bounds + np.array([-50, -50, 50, 50])  # coordinates are rounded
    window = [str(value) for value in around]
    with urlopen(f"{site}/tiles/{name}.json") as answer:
        zoom = max(14, json.load(answer)["minzoom"])
    options = ["-oo", "TILE_EXTENSION=mvt", "-oo", f"METADATA_FILE={site}/tiles/{name}.json"]
    output = gdal(
        "ogr2ogr", "-f", "GeoJSON", "/vsistdout/", "-spat", *window, *options, f"MVT:{site}/tiles/{name}/{zoom}", name
    )
    table = [one["properties"] for one in json.loads(output)["features"]]
    read = {row["fid"]: plain(row) for row in table}
    wanted = {fid: texts(row) for fid, row in rows(sample, name).items()}
    assert {fid: {key: row.get(key) for key in wanted[fid]} for fid, row in read.items()} == wanted


def _texts(table: Any) -> dict[str, dict[str, Any]]:
    values = table.astype(object).where(table.notna(), None).to_dict("records")
    return {row["fid"]: texts(plain(row, leave=("fid", "mvt_id"))) for row in values}


def test_a_sheet_is_read_from_afar_in_the_towns_frame(site: str, sample: Path, gdal: Run) -> None:
    about = json.loads(gdal("gdalinfo", "-json", f"/vsicurl/{site}/files/plan2500/2026-04-01/sheets/{SHEET}.tif"))
    assert about["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"
    assert 'ID["EPSG",6677]' in about["coordinateSystem"]["wkt"]
    assert about["cornerCoordinates"]["upperLeft"] == [-52000.0, -27000.0]
    here = published(sample, "plan2500").file(f"sheets/{SHEET}.tif")
    place = rasterio.windows.Window(2048, 2048, 512, 512)
    with (
        rasterio.open(f"/vsicurl/{site}/files/plan2500/2026-04-01/sheets/{SHEET}.tif") as far,
        rasterio.open(here) as near,
    ):
        assert np.array_equal(far.read(window=place), near.read(window=place))


def picture(gdal: Run, source: str, target: Path) -> npt.NDArray[np.int16]:
    """A picture of the middle of the town, 600 × 440, on white."""
    gdal(
        "gdalwarp", "-q", "-t_srs", "EPSG:6677", "-te_srs", "EPSG:6677", "-r", "near", "-dstalpha",
        "-te", *map(str, (WEST_M, SOUTH_M, EAST_M, NORTH_M)), "-ts", *map(str, SIZE_PX),
        source, str(target),
    )  # fmt: skip
    with rasterio.open(target) as made:
        bands = made.read().astype(np.int16)
    colours, alpha = bands[:3], bands[-1] / 255
    laid: npt.NDArray[np.int16] = np.moveaxis(colours * alpha + 255 * (1 - alpha), 0, 2).astype(np.int16)
    return laid


@pytest.mark.parametrize("matrix_set", MATRIX_SETS)
def test_wmts_shows_the_districts_where_they_are(
    site: str, sample: Path, gdal: Run, tmp_path: Path, matrix_set: str
) -> None:
    source = f"WMTS:{site}/wmts/1.0.0/WMTSCapabilities.xml,layer=youto,tilematrixset={matrix_set}"
    about = json.loads(gdal("gdalinfo", "-json", source))
    assert f'ID["{MATRIX_SETS[matrix_set].replace(":", chr(34) + ",")}]' in about["coordinateSystem"]["wkt"]
    shows_the_districts(sample, picture(gdal, source, tmp_path / "wmts.tif"))


@pytest.mark.parametrize("matrix_set", MATRIX_SETS)
def test_wmts_offers_every_map_and_an_empty_place_is_no_fault(
    site: str, gdal: Run, tmp_path: Path, matrix_set: str
) -> None:
    about = json.loads(gdal("gdalinfo", "-json", f"WMTS:{site}/wmts"))
    names = [text for key, text in about["metadata"]["SUBDATASETS"].items() if key.endswith("_NAME")]
    offered = [text for text in names if text.endswith(f"tilematrixset={matrix_set}")]
    assert {text.split("layer=")[1].split(",")[0] for text in offered} == set(COLLECTIONS)
    for source in offered:
        target = str(tmp_path / f"{len(source)}.tif")
        gdal("gdal_translate", "-q", "-outsize", "400", "0", source, target)
        with rasterio.open(target) as made:
            bands = made.read()
        assert bands[-1].max() > 0 and bands[:3].std() > 1, source


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_wms_shows_the_districts_where_they_are(
    site: str, sample: Path, gdal: Run, tmp_path: Path, version: str
) -> None:
    about = json.loads(gdal("gdalinfo", "-json", f"WMS:{site}/wms?VERSION={version}"))
    names = [text for key, text in about["metadata"]["SUBDATASETS"].items() if key.endswith("_NAME")]
    assert {text.split("LAYERS=")[1].split("&")[0] for text in names} >= set(COLLECTIONS)
    (source,) = [text for text in names if "LAYERS=youto&" in text]
    shows_the_districts(sample, picture(gdal, source, tmp_path / "wms.tif"))


def test_xyz_pictures_by_the_mini_driver(site: str, sample: Path, gdal: Run, tmp_path: Path) -> None:
    """The scan, by way of the prebuilt WebMercator tiles, is the scan of the sheets."""
    edge = 20037508.342789244
    description = tmp_path / "xyz.xml"
    description.write_text(
        f"""<GDAL_WMS><Service name="TMS">
<ServerUrl>{site}/tiles/plan2500/${{z}}/${{x}}/${{y}}.webp</ServerUrl></Service>
<DataWindow><UpperLeftX>-{edge}</UpperLeftX><UpperLeftY>{edge}</UpperLeftY><LowerRightX>{edge}</LowerRightX>
<LowerRightY>-{edge}</LowerRightY><TileLevel>17</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY>
<YOrigin>top</YOrigin></DataWindow><Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX>
<BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount></GDAL_WMS>""",
        encoding="utf-8",
    )
    drawn = picture(gdal, str(description), tmp_path / "xyz.tif")
    assert drawn.std() > 5
    sheets = [str(path) for path in sorted(published(sample, "plan2500").folder.glob("sheets/*.tif"))]
    mosaic = tmp_path / "sheets.vrt"
    gdal("gdalbuildvrt", "-q", str(mosaic), *sheets)
    truth = picture(gdal, str(mosaic), tmp_path / "truth.tif")
    coarse = [image.reshape(44, 10, 60, 10, 3).mean(axis=(1, 3)) for image in (drawn, truth)]
    assert np.corrcoef(coarse[0].ravel(), coarse[1].ravel())[0, 1] > 0.95
