"""features.cad.zip: what a drawing office needs in one file, with its terms and checksums."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import Path
from typing import Final, Literal

import shapely

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act
from gis_pipeline.outputs import _about, _drawing, _dxf, _dxf_read, _files, _geopackage, _picture

TITLE = "CAD セット (ZIP)"
VERSION = 2
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/zip"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "cad.zip"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"
EFFORT = 20
WITH_SCANS = True

README = "README.txt"
MANIFEST = "sha256sums.txt"
TOLERANCE_M = 5e-4


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.cad.zip: DXF (R2018 and R2000), GeoPackage, for scans TIFF and TFW, README.txt, sha256sums.txt.

    Everything stands in metres of the town frame. The scans of the same ground (`Product.companions`) come as TIFF
    and TFW too, with their own terms. README.txt is UTF-8 with BOM and CR LF; the manifest names every other member
    and is read by `sha256sum -c`. File names are ASCII and none that Windows reserves.
    """
    target = folder / f"features.{SUFFIX}"
    name = _about.stem(product)
    drawing = _drawing.drawing(product)
    with _files.beside(target) as part, tempfile.TemporaryDirectory(dir=folder, prefix=".cad-") as made:
        work = Path(made)
        content: dict[str, bytes | Path] = {
            f"{name}.dxf": _dxf.write(product, work / f"{name}.dxf", "R2018", drawing),
            f"{name}_r2000.dxf": _dxf.write(product, work / f"{name}_r2000.dxf", "R2000", drawing),
            f"{name}.gpkg": _geopackage.write(product, work),
        }
        for pictured in (product, *product.companions):
            if pictured.masters:
                content |= _scan(pictured, work)
        content[README] = _about.crlf(readme(product, list(content)))
        sums = "".join(f"{_sha256(member)}  {file}\n" for file, member in content.items())
        _about.pack(part, {**content, MANIFEST: sums.encode("ascii")})
    return (target,)


def _scan(product: Product, work: Path) -> dict[str, bytes | Path]:
    """The picture of the product's area, losslessly, and its world file."""
    stem = _about.stem(product)
    picture = _picture.picture(product)
    _picture.write(picture, work / f"{stem}.tif", mask=False, compress="LZW", predictor=1)
    return {f"{stem}.tif": work / f"{stem}.tif", f"{stem}.tfw": _picture.world(picture)}


_KINDS = {
    "_r2000.dxf": "図面 (DXF R2000、Shift_JIS。古い CAD 用)",
    ".dxf": "図面 (DXF R2018、UTF-8)",
    ".gpkg": "属性つきの地図データ (GeoPackage)",
    ".tif": "図面の画像 (TIFF)",
    ".tfw": "画像の位置 (ワールドファイル。左上の画素の中心の東・北の座標)",
}


def readme(product: Product, files: list[str]) -> str:
    """The text that goes with the set, in Japanese."""
    lines = [f"{product.collection.title}　CAD セット", "", "■ ファイル"]
    for file in files:
        lines.append(f"{file}　{next(kind for ending, kind in _KINDS.items() if file.endswith(ending))}")
    lines += [f"{MANIFEST}　各ファイルの SHA-256", "", "■ 座標"]
    lines += [
        f"{_drawing.frame_title(product.service.crs)}　単位: m　原点はずらしていません。",
        _drawing.axes(product.service.crs),
        _drawing.accuracy(product.collection),
        "",
        "■ 画層",
        "「地図名_区分名」です。面は「_境界」「_塗り」「_模様」に分かれ、文字は「_文字」、この説明は「_説明」にあります。",
        "図形の拡張データ (MACHIZU) に地物の番号と属性が入っています。",
        "",
        "■ 出典・利用条件・注意",
        *_about.text(product).split("\n"),
    ]
    for scan in product.companions:
        lines += ["", f"■ 画像「{scan.collection.title}」（{_about.stem(scan)}.tif）の出典・利用条件・注意"]
        lines += _about.text(scan).split("\n")
    return "\n".join(lines)


def _sha256(member: bytes | Path) -> str:
    if isinstance(member, bytes):
        return hashlib.sha256(member).hexdigest()
    with member.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def reread(path: Path) -> Reread:
    """What all of the drawings and the GeoPackage hold; MachineError if they differ, or one differs from the manifest.

    The drawings by GDAL, which did not write them; the GeoPackage by sqlite.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".cad-") as folder, zipfile.ZipFile(path) as archive:
        files = [Path(archive.extract(name, folder)) for name in archive.namelist()]
        told = {line[66:]: line[:64] for line in archive.read(MANIFEST).decode("ascii").splitlines()}
        if told != {file.name: _sha256(file) for file in files if file.name != MANIFEST}:
            raise MachineError(f"{path.name} の中のファイルが {MANIFEST} と一致しません。")
        found = [_dxf_read.reread(file) for file in files if file.suffix == ".dxf"]
        found += [_geopackage.reread(file) for file in files if file.suffix == ".gpkg"]
    return _agreeing(path, found)


def _agreeing(path: Path, found: list[Reread]) -> Reread:
    drawn, *others = (
        {fid: shape for fid, shape in zip(one.fids or (), one.geometry, strict=True) if shape is not None}
        for one in found
    )
    for other in others:
        if drawn.keys() != other.keys():
            raise MachineError(f"{path.name} の中のファイルに同じ地物がありません。")
        for fid, shape in drawn.items():
            # In the same order of vertices, as a rule; if not, as sets of points.
            one, two = shapely.normalize(shape), shapely.normalize(other[fid])
            same = shapely.equals_exact(one, two, TOLERANCE_M)
            if not same and not shapely.hausdorff_distance(one, two) <= TOLERANCE_M:
                raise MachineError(f"{path.name} の中のファイルで地物 {fid} の位置が違います。")
    return found[0]
