"""GeoJSON + GeoPackage + PMTiles of 9,909 lines: our writers against ogr2ogr and tippecanoe with the same flags.

Both make the same three files from the same lines, turn about in one run; the figure is the ratio of the medians.
Ours runs inside one process, with features already in the town frame. The other reads its input from a GeoPackage
in the town frame.

    python -m bench.vector_outputs [rounds]
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from gis_pipeline.members import Product
from gis_pipeline.model import Collection, Field, Service
from gis_pipeline.outputs import geojson, geopackage, pmtiles

FRAME = "EPSG:6676"
SOURCE = Path("data", "chino_plateau_devperm", "road_layers", "f_split_line", "f_split_line.shp")
LIMIT = 1.5
FIELDS = {
    "object_id": Field(source="object_id", type="integer", title="番号"),
    "label_text": Field(source="label_text", title="表示"),
    "road_width": Field(source="road_width", type="number", title="道路幅員", unit="m"),
    "roadway_wi": Field(source="roadway_wi", type="number", title="車道幅員", unit="m"),
}


def product(source: Path) -> Product:
    """The lines as conforming leaves them."""
    read = pyogrio.read_dataframe(source, encoding="cp932")
    types = {"integer": "Int64", "number": "Float64"}
    columns = {name: read[name].astype(types.get(field.type, "string")).array for name, field in FIELDS.items()}
    index = pd.Index([f"f{number:05d}" for number in range(len(read))], name="fid", dtype="str")
    # JGD2000 coordinates are taken for JGD2011 as they stand: the same work, at another place.
    town = read.geometry.set_crs(FRAME, allow_override=True)
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=town.array, crs=FRAME)
    collection = Collection(id="haba", title="幅員線", geometry="line", zooms=(8, 16), fields=FIELDS)
    return Product(Service(name="茅野市", code="20214", crs=FRAME), collection, "2026-04-01", frame)


def ours(made: Product, folder: Path) -> None:
    """Three writers, one after another."""
    for writer in (geojson, geopackage, pmtiles):
        writer.write(made, folder)


def theirs(source: Path, folder: Path, tippecanoe: Path) -> None:
    """ogr2ogr twice, then tippecanoe on the GeoJSON."""
    lonlat = folder / "features.geojson"
    to_geojson = ["ogr2ogr", "-f", "GeoJSON", "-t_srs", "EPSG:4326", "-lco", "RFC7946=YES"]
    subprocess.run([*to_geojson, "-lco", "COORDINATE_PRECISION=9", lonlat, source], check=True)
    target = folder / "features.gpkg"
    subprocess.run(["ogr2ogr", "-f", "GPKG", "-dsco", "VERSION=1.3", "-nln", "haba", target, source], check=True)
    zooms = ["--minimum-zoom=8", "--maximum-zoom=16", "--layer=haba", "--quiet", "--force"]
    tiles = folder / "tiles.pmtiles"
    subprocess.run([tippecanoe, *pmtiles.FLAGS, *zooms, f"--output={tiles}", lonlat], check=True)


def timed(rounds: int, made: Product, source: Path, tippecanoe: Path) -> tuple[list[float], list[float]]:
    """Seconds of each round, ours and theirs, taken in turn."""
    mine, other = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            start = time.perf_counter()
            ours(made, Path(one))
            middle = time.perf_counter()
            theirs(source, Path(two), tippecanoe)
            mine.append(middle - start)
            other.append(time.perf_counter() - middle)
    return mine, other


def main() -> int:
    """Prints the medians and their ratio; 1 if the ratio is over the limit."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    path = Path(__file__).resolve().parents[2] / "shared" / SOURCE
    tippecanoe = pmtiles.tippecanoe()
    for missing in [name for name, there in (("../shared", path.is_file()), ("tippecanoe", tippecanoe)) if not there]:
        print(f"vector_outputs: skipped: no {missing}")
        return 0
    if shutil.which("ogr2ogr") is None or tippecanoe is None:
        print("vector_outputs: skipped: no ogr2ogr (apt install gdal-bin)")
        return 0
    made = product(path)
    with tempfile.TemporaryDirectory() as folder:
        (source,) = geopackage.write(made, Path(folder))
        mine, other = timed(rounds, made, source, tippecanoe)
    ratio = statistics.median(mine) / statistics.median(other)
    print(
        f"vector_outputs: {len(made.frame)} lines, median of {rounds}: "
        f"ours {statistics.median(mine):.2f} s, ogr2ogr + tippecanoe {statistics.median(other):.2f} s, "
        f"ratio {ratio:.2f} (limit {LIMIT})"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
