"""features.cad.zip: what a drawing office needs in one file, with its terms and checksums."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import Path
from typing import Final, Literal

from gis_pipeline.members import Product
from gis_pipeline.model import Act
from gis_pipeline.outputs import _about, _drawing, _dxf, _files, _geopackage, _picture

TITLE = "CAD セット (ZIP)"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/zip"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "cad.zip"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "town"

MANIFEST = "sha256sums.txt"


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.cad.zip: DXF (R2018 and R2000), GeoPackage, for scans TIFF and TFW, README.txt, sha256sums.txt.

    Everything stands in metres of the town frame. README.txt is UTF-8 with BOM and CR LF; the manifest names every
    other member and is read by `sha256sum -c`. Each part is proven by its own writer, the archive by its manifest.
    """
    target = folder / f"features.{SUFFIX}"
    name = product.collection.id
    with _files.beside(target) as part, tempfile.TemporaryDirectory(dir=folder, prefix=".cad-") as made:
        work = Path(made)
        content: dict[str, bytes | Path] = {
            f"{name}.dxf": _dxf.write(product, work / f"{name}.dxf", "R2018"),
            f"{name}_r2000.dxf": _dxf.write(product, work / f"{name}_r2000.dxf", "R2000"),
            f"{name}.gpkg": _geopackage.write(product, work),
        }
        if product.masters:
            picture = _picture.picture(product)
            _picture.write(picture, work / f"{name}.tif", mask=False, compress="LZW", predictor=1)
            content |= {f"{name}.tif": work / f"{name}.tif", f"{name}.tfw": _picture.world(picture)}
        content["README.txt"] = readme(product, list(content)).encode("utf-8-sig")
        sums = "".join(f"{_sha256(member)}  {file}\n" for file, member in content.items())
        _about.pack(part, {**content, MANIFEST: sums.encode("ascii")})
        _verify(target, part, len(content))
    return (target,)


def readme(product: Product, files: list[str]) -> str:
    """The text that goes with the set, in Japanese, lines ending with CR LF."""
    kinds = {"dxf": "図面 (DXF R2018、UTF-8)", "gpkg": "属性つきの地図データ (GeoPackage)", "tif": "図面の画像 (TIFF)"}
    kinds["tfw"] = "画像の位置 (ワールドファイル。左上の画素の中心の東・北の座標)"
    lines = [f"{product.collection.title}　CAD セット", "", "■ ファイル"]
    for file in files:
        kind = "図面 (DXF R2000、Shift_JIS。古い CAD 用)" if "_r2000" in file else kinds[file.rpartition(".")[2]]
        lines.append(f"{file}　{kind}")
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
    return "\r\n".join([*lines, ""])


def _sha256(member: bytes | Path) -> str:
    if isinstance(member, bytes):
        return hashlib.sha256(member).hexdigest()
    with member.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify(target: Path, part: Path, members: int) -> None:
    """Every member is unpacked once more and held against the manifest."""
    with zipfile.ZipFile(part) as archive:
        same = 0
        for line in archive.read(MANIFEST).decode("ascii").splitlines():
            wanted, _, name = line.partition("  ")
            with archive.open(name) as stream:
                same += hashlib.file_digest(stream, "sha256").hexdigest() == wanted  # type: ignore[arg-type]
    _files.expect(target, same, members, "個のファイル")
