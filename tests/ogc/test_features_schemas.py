"""OGC API – Features Part 5: Schemas (23-058), sorting, property selection, and the other forms of a list."""

from __future__ import annotations

import csv
import io
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from starlette.testclient import TestClient

ITEMS = "/api/collections/youto/items"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def schema(client: TestClient, name: str = "schema", collection: str = "youto") -> dict[str, Any]:
    answer = client.get(f"/api/collections/{collection}/{name}", headers={"accept": "application/schema+json"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    document: dict[str, Any] = answer.json()
    return document


def features(client: TestClient, **query: str) -> list[dict[str, Any]]:
    answer = client.get(ITEMS, params={"limit": "1000"} | query)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["features"]
    return listed


@pytest.mark.parametrize("name", ["schema", "sortables", "queryables"])
def test_req_link_from_every_collection(client: TestClient, name: str) -> None:
    for entry in client.get("/api/collections").json()["collections"]:
        (link,) = [link for link in entry["links"] if link["rel"] == REL + name]
        assert link["type"] == "application/schema+json"


@pytest.mark.parametrize("name", ["schema", "sortables", "queryables"])
def test_req_schemas_json_schema(client: TestClient, name: str) -> None:
    document = schema(client, name)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"http://maps.example.jp/api/collections/youto/{name}"
    assert document["type"] == "object"


def test_req_schemas_properties_roles_units_and_order(client: TestClient) -> None:
    properties = schema(client)["properties"]
    assert properties["id"]["x-ogc-role"] == "id"
    assert properties["geometry"] == {
        "title": "図形",
        "format": "geometry-multipolygon",
        "x-ogc-role": "primary-geometry",
        "x-ogc-propertySeq": 2,
    }
    assert (properties["kenpei"]["x-ogc-unit"], properties["taka"]["x-ogc-unit"]) == ("%", "m")
    assert (properties["kenpei"]["type"], properties["taka"]["type"]) == ("integer", "number")
    assert properties["youto"]["title"] == "用途地域"
    assert [member["x-ogc-propertySeq"] for member in properties.values()] == list(range(1, len(properties) + 1))
    own = set(features(client)[0]["properties"])
    assert set(properties) - {"id", "geometry"} == own


def test_req_sortables_have_no_geometry(client: TestClient) -> None:
    assert set(schema(client, "sortables")["properties"]) == set(features(client)[0]["properties"])


def test_a_register_has_no_geometry_in_its_schema(client: TestClient) -> None:
    assert "geometry" not in schema(client, "schema", "choubo")["properties"]


# ------------------------------------------------------------------ sorting


def test_sortby_orders_the_whole_list_before_it_is_paged(client: TestClient) -> None:
    expected = sorted((f["properties"]["no"] for f in features(client)), reverse=True)
    pages = [features(client, sortby="-no", limit="30", offset=str(start)) for start in (0, 30, 60, 90)]
    assert [f["properties"]["no"] for page in pages for f in page] == expected


@pytest.mark.parametrize("sortby", ["+kenpei,-no", "kenpei,-no", " kenpei,-no"])
def test_sortby_takes_several_names_in_either_direction(client: TestClient, sortby: str) -> None:
    rows = [(f["properties"]["kenpei"], f["properties"]["no"]) for f in features(client, sortby=sortby)]
    assert rows == sorted(sorted(rows, key=lambda row: row[1], reverse=True), key=lambda row: row[0])


@pytest.mark.parametrize("sortby", ["taka", "-taka"])
def test_missing_values_come_last_either_way(client: TestClient, sortby: str) -> None:
    values = [f["properties"]["taka"] for f in features(client, sortby=sortby)]
    assert values == [10.5] * 34 + [None] * 66


def test_sortby_over_an_interval_orders_all_editions_together(client: TestClient) -> None:
    found = features(client, sortby="-kenpei,no", datetime="2025-04-01/2026-04-01")
    assert [f["properties"]["kenpei"] for f in found] == [60] * 99 + [50]
    assert [f["properties"]["no"] for f in found[:99]] == [f"{n:03d}" for n in range(1, 100)]


@pytest.mark.parametrize("query", ["sortby=unknown", "sortby=no,no", "sortby=--no", "sortby=,", "sortby=geometry",
                                   "sortby=no,youto,kenpei,taka,youto_name,no", "properties=unknown",
                                   "properties=no,", "properties=geometry", "skipGeometry=1", "skipGeometry=",
                                   "sortby=rowid", "sortby=seq", 'sortby=no"'])  # fmt: skip
def test_names_are_only_the_collections_own(client: TestClient, query: str) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == query.partition("=")[0]


# ------------------------------------------------------------------ selection


def test_properties_selects_attributes(client: TestClient) -> None:
    whole = {f["id"]: f for f in features(client)}
    for feature in features(client, properties="kenpei,no,kenpei"):
        before = whole[feature["id"]]
        assert feature == before | {"properties": {name: before["properties"][name] for name in ("no", "kenpei")}}
    assert all(f["properties"] == {} for f in features(client, properties=""))


def test_skip_geometry(client: TestClient) -> None:
    assert {str(f["geometry"]) for f in features(client, skipGeometry="true")} == {"None"}
    assert all(f["geometry"] for f in features(client, skipGeometry="false"))


# ------------------------------------------------------------------ provenance


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/d11"])
def test_a_document_states_edition_source_map_level_and_accuracy(client: TestClient, path: str) -> None:
    stated = client.get(path).json()["provenance"]
    assert (stated["edition"], stated["takesEffect"]) == ("2026-04-01", "2026-04-01")
    assert (stated["mapLevel"], stated["accuracyM"]) == (2500, 1.75)
    assert stated["authority"] == "小町"
    assert stated["source"]
    assert client.get(path, params={"datetime": "2025-05-01"}).json()["provenance"]["edition"] == "2025-04-01"


# ------------------------------------------------------------------ other forms

MEDIA = {"csv": "text/csv", "fgb": "application/vnd.flatgeobuf", "parquet": "application/vnd.apache.parquet"}


def table(content: bytes, form: str) -> gpd.GeoDataFrame:
    if form == "fgb":
        return pyogrio.read_dataframe(content)
    return gpd.read_parquet(io.BytesIO(content))


@pytest.mark.parametrize("form", list(MEDIA))
def test_a_form_is_chosen_by_f_or_by_accept(client: TestClient, form: str) -> None:
    by_name, by_header = client.get(ITEMS, params={"f": form}), client.get(ITEMS, headers={"accept": MEDIA[form]})
    for answer in (by_name, by_header):
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, MEDIA[form])
        assert answer.headers["ogc-numbermatched"] == answer.headers["ogc-numberreturned"] == "100"
    assert client.get(ITEMS, headers={"accept": "*/*"}).headers["content-type"] == "application/geo+json"


@pytest.mark.parametrize("code", ["CRS84", "6677", "6668", "3857", "4326"])
@pytest.mark.parametrize("form", ["fgb", "parquet"])
def test_files_hold_the_features_that_geojson_holds(client: TestClient, form: str, code: str) -> None:
    uri = "http://www.opengis.net/def/crs/OGC/1.3/CRS84" if code == "CRS84" else EPSG + code
    query = {"filter": "no < '020'", "sortby": "-no", "limit": "7", "crs": uri}
    listed = features(client, **query)
    answer = client.get(ITEMS, params=query | {"f": form})
    assert answer.headers["content-crs"] == f"<{uri}>"
    found = table(answer.content, form).set_index("fid")
    assert set(found.index) == {f["id"] for f in listed}
    assert answer.headers["link"].count('rel="next"') == 1
    turned = code in ("6677", "6668", "4326")
    for feature in listed:
        pairs = shapely.get_coordinates(shapely.geometry.shape(feature["geometry"]))
        written = shapely.get_coordinates(found.geometry[feature["id"]])
        assert np.abs((pairs[:, ::-1] if turned else pairs) - written).max() < 2e-4
        row = found.loc[feature["id"]]
        assert (row["no"], row["kenpei"]) == (feature["properties"]["no"], feature["properties"]["kenpei"])


def test_csv_keeps_order_and_selection(client: TestClient) -> None:
    answer = client.get(ITEMS, params={"f": "csv", "sortby": "-no", "limit": "3", "properties": "no"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["no"] for row in rows] == ["099", "098", "097"]
    assert "kenpei" not in rows[0]


def test_a_register_is_a_table(client: TestClient) -> None:
    path = "/api/collections/choubo/items"
    read = pyarrow.parquet.read_table(io.BytesIO(client.get(path, params={"f": "parquet"}).content))
    assert read.column("name").to_pylist() == ["紙だけの記録"]
    assert client.get(path, params={"f": "fgb"}).status_code == 404


@pytest.mark.parametrize("form", list(MEDIA))
def test_what_is_for_viewing_only_is_not_handed_out_as_a_file(client: TestClient, form: str) -> None:
    path = "/api/collections/banchi/items"
    assert client.get(path, params={"f": form}).status_code == 403
    types = {link["type"].partition(";")[0] for link in client.get(path).json()["links"]}
    assert types.isdisjoint(MEDIA.values())


def test_every_form_is_an_alternate(client: TestClient) -> None:
    links = client.get(ITEMS).json()["links"]
    alternates = {link["type"].partition(";")[0] for link in links if link["rel"] == "alternate"}
    assert alternates == {"text/html", *MEDIA.values()}
