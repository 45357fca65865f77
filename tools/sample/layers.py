"""The vector collections of 見本町, in the files and columns that offices really deliver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import shapely

from tools.sample.districts import NAMES, District, EditionYear, districts, fire_shapes, shape_of, urban_shape
from tools.sample.frame import CORNER_EASTING_M, CORNER_NORTHING_M, CRS, to_town
from tools.sample.layout import SPINES, TOWN
from tools.sample.lots import Lot, address_lots
from tools.sample.register import register
from tools.sample.writers import write_csv, write_geojson, write_geopackage, write_shapefile

CODE = "99999"
"""A code that no municipality has."""
PREFECTURE, TOWN_NAME = "見本県", "見本町（見本・架空）"


def write_vectors(root: Path) -> None:
    """All vector material below `root` (data/source)."""
    write_shapefile(youto(2019), root / "youto/2019-04-01/99999_youto.shp", prj=True)
    write_shapefile(youto(2026), root / "youto/2026-04-01/99999_youto.shp", prj=True)
    write_shapefile(bouka(), root / "bouka/2026-04-01/99999_bouka.shp", prj=False)
    write_shapefile(kuiki(), root / "kuiki/2026-04-01/99999_kuiki.shp", prj=True)
    write_shapefile(choudo(), root / "choudo/2026-04-01/choudo.shp", prj=True)
    write_geopackage(toshi_doro(), root / "toshi_doro/2026-04-01/99999_douro.gpkg", "toshikeikaku_doro")
    write_geojson([_town_feature()], root / "choiki/2026-04-01/choiki.geojson", "choiki")
    write_csv(ADDRESS_HEADER, map(_address_row, address_lots()), root / "azachi/2026-04-01/99999_ichi.csv")


def youto(year: EditionYear) -> gpd.GeoDataFrame:
    """用途地域 with the attribute names of the national data set; the older delivery spells 第１種."""
    rows = [_youto_row(district, year) for district in districts(year)]
    shapes = [to_town(_single(shape_of(district))) for district in districts(year)]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)


def _youto_row(district: District, year: EditionYear) -> dict[str, object]:
    name = NAMES[district.code]
    if year == 2019:
        name = name.replace("第一種", "第１種").replace("第二種", "第２種")
    return {
        "KANRI_NO": f"Y-{district.number}",
        "Pref": PREFECTURE,
        "Citycode": CODE,
        "Cityname": TOWN_NAME,
        "YoutoName": name,
        "YoutoCode": district.code,
        "FAR": district.floor_percent,
        "BCR": district.coverage_percent,
        "TAKASA": district.height_m,
        "HEKIMEN": district.setback_m,
        "INDate": "昭和48年12月28日",
        "INNumber": "見本町告示第31号",
        "FNDate": district.noticed,
        "FNNumber": district.notice,
        "ValidType": "決定",
        "Custodian": "見本町",
    }


def bouka() -> gpd.GeoDataFrame:
    """防火地域・準防火地域."""
    shapes = fire_shapes()
    rows = [
        {
            "KANRI_NO": f"B-{code}",
            "Pref": PREFECTURE,
            "Citycode": CODE,
            "Cityname": TOWN_NAME,
            "AreaType": name,
            "AreaCode": int(code),
            "INDate": "昭和48年12月28日",
            "INNumber": "見本町告示第32号",
            "FNDate": "平成16年6月24日",
            "FNNumber": "見本町告示第59号",
        }
        for code, name, _ in shapes
    ]
    return gpd.GeoDataFrame(rows, geometry=[to_town(_single(shape)) for _, _, shape in shapes], crs=CRS)


def kuiki() -> gpd.GeoDataFrame:
    """区域区分: 市街化区域 and the rest of the town, 市街化調整区域; they share every vertex of the line between."""
    urban = urban_shape()
    shapes = [urban, shapely.difference(TOWN, urban)]
    rows = [
        {
            "KANRI_NO": f"K-{code}",
            "Pref": PREFECTURE,
            "Citycode": CODE,
            "Cityname": TOWN_NAME,
            "AreaType": name,
            "AreaCode": code,
            "FNDate": "平成16年6月24日",
            "FNNumber": "見本県告示第801号",
        }
        for code, name in ((22, "市街化区域"), (23, "市街化調整区域"))
    ]
    return gpd.GeoDataFrame(rows, geometry=[to_town(_single(shape)) for shape in shapes], crs=CRS)


def toshi_doro() -> gpd.GeoDataFrame:
    """都市計画道路: centre lines of the planned roads."""
    planned = [spine for spine in SPINES if spine.planned]
    partly, started = ("3・4・1", "3・4・3"), ("3・4・6",)
    rows = [
        {
            "路線番号": spine.planned,
            "路線名": spine.name,
            "種別": "幹線街路",
            "計画幅員": spine.width_m,
            "車線数": 2,
            "延長": round(spine.line.length),
            "整備状況": "一部供用" if spine.planned in partly else "事業中" if spine.planned in started else "供用済",
            "当初決定日": "昭和48年12月28日",
            "最終告示日": "平成16年6月24日" if spine.width_m > 13 else "昭和62年3月30日",
            "告示番号": "見本町告示第60号" if spine.width_m > 13 else "見本町告示第9号",
            "決定者": "見本町",
        }
        for spine in planned
    ]
    frame = gpd.GeoDataFrame(rows, geometry=[to_town(spine.line) for spine in planned], crs=CRS)
    return frame.sort_values("路線番号", ignore_index=True)


def choudo() -> gpd.GeoDataFrame:
    """町道 with the entries of the register."""
    rows = [{"ROSEN_NO": item.number, "ROSEN_MEI": item.name, **item.entries} for item in register()]
    return gpd.GeoDataFrame(rows, geometry=[to_town(item.line) for item in register()], crs=CRS)


def _town_feature() -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"コード": CODE, "市区町村名": TOWN_NAME, "面積_km2": round(TOWN.area / 1e6, 2)},
        "geometry": json.loads(shapely.to_geojson(to_town(TOWN))),
    }


ADDRESS_HEADER = ("都道府県名", "市区町村名", "大字・丁目名", "小字・通称名", "街区符号・地番",
                  "座標系番号", "Ｘ座標", "Ｙ座標", "住居表示フラグ", "代表フラグ")  # fmt: skip


def _address_row(lot: Lot) -> tuple[str, ...]:
    """Ｘ座標 is the northing and Ｙ座標 the easting, as surveyors write them."""
    point = lot.shape.representative_point()
    has_display = lot.place.aza.endswith("丁目")
    return (
        PREFECTURE,
        TOWN_NAME,
        lot.place.aza if has_display else f"大字{lot.place.aza}",
        f"字{lot.place.koaza}" if lot.place.koaza else "",
        lot.number,
        "9",
        f"{point.y + CORNER_NORTHING_M:.1f}",
        f"{point.x + CORNER_EASTING_M:.1f}",
        "1" if has_display else "0",
        "1",
    )


def _single(shape: shapely.Geometry) -> shapely.Geometry:
    """A Polygon where there is but one part."""
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape


def vector_files() -> Iterator[str]:
    """The files that `write_vectors` writes, relative to data/source, without the side files of Shapefiles."""
    yield from ("youto/2019-04-01/99999_youto.shp", "youto/2026-04-01/99999_youto.shp",
                "bouka/2026-04-01/99999_bouka.shp", "kuiki/2026-04-01/99999_kuiki.shp",
                "choudo/2026-04-01/choudo.shp", "toshi_doro/2026-04-01/99999_douro.gpkg",
                "choiki/2026-04-01/choiki.geojson", "azachi/2026-04-01/99999_ichi.csv")  # fmt: skip
