"""What the scan formats share: opening an image with one named driver, and what it says about its place.

The material is never trusted: GDAL may use only the driver of the file's suffix (an image that is really a VRT
or a service description is refused), sees no side files, and writes none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.io import DatasetReader

from gis_pipeline import crs as reference_systems
from gis_pipeline.errors import DeclarationError, MaterialError, Where
from gis_pipeline.members import ScanPage
from gis_pipeline.model import Finding

MAX_PIXELS = 600_000_000
"""The largest page that is taken in: A0 at 600 dpi is 557 million pixels. A header may claim anything."""

Transform = tuple[float, float, float, float, float, float]

GDAL_OPTIONS: dict[str, str | int] = {
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml beside the material
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # world files are read here, other side files not at all
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",  # a cut-off JPEG must not end in grey
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",  # that shortcut takes a cut-off PNG for a whole one
    "GDAL_CACHEMAX": 64 * 2**20,  # bytes: rasterio.Env does not read this as megabytes
}


@contextmanager
def opened(dataset: Path | str, driver: str, name: str) -> Iterator[DatasetReader]:
    """A rasterio dataset opened read-only with exactly one driver; `name` is the file named in errors.

    Raises MaterialError if it is no such image.
    """
    with rasterio.Env(**GDAL_OPTIONS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                source = rasterio.open(dataset, driver=driver)
        except RasterioIOError as error:
            raise MaterialError(
                f"{driver} の画像として読めません（{_plain(error)}）。",
                Where(file=name),
                "ファイルが壊れていないか、拡張子が中身と合っているかを確かめてください。",
            ) from error
        with source:
            yield source


def opener(dataset: Path | str, driver: str, name: str) -> Callable[[], AbstractContextManager[DatasetReader]]:
    """`ScanPage.open` for a dataset; can be sent to another process."""
    return partial(opened, dataset, driver, name)


def image_page(path: Path, name: str, driver: str, *, page: int = 1, dataset: str | None = None) -> ScanPage:
    """One page of an image file with what its tags and side files say; raises MaterialError.

    `dataset` is GDAL's name of the page where the file has several.
    """
    opening = opener(dataset or path, driver, name)
    with opening() as source:
        check_size(source.width, source.height, name)
        bitonal = source.count == 1 and source.tags(1, ns="IMAGE_STRUCTURE").get("NBITS") == "1"
        own = None if source.transform.is_identity else _six(source)
        crs = _crs_text(source.crs.to_wkt()) if source.crs else None
        findings = list(_orientation(source.tags(), name))
        dpi = _dpi(source.tags())
        width_px, height_px = source.width, source.height
    beside = world_file(path) if page == 1 else None
    if own is None:
        own = beside
    elif beside is not None and _apart(own, beside, width_px, height_px) > 0.01:
        findings.append(
            Finding(
                rule="read",
                severity="warn",
                message="画像の中の位置情報とワールドファイルが違う場所を示しています。画像の中の方を使いました。",
                advice="正しくない方を取り除いてください。",
                file=name,
            )
        )
    if crs is None and own is not None:
        crs = _prj(path)
    return ScanPage(name, page, width_px, height_px, bitonal, dpi, opening, own, crs, tuple(findings))


def check_size(width_px: int, height_px: int, name: str) -> None:
    """Raises MaterialError for a page of more than `MAX_PIXELS`."""
    if width_px * height_px > MAX_PIXELS:
        raise MaterialError(
            f"画像が大きすぎます: {width_px}×{height_px} 画素（上限 {MAX_PIXELS:,} 画素）。",
            Where(file=name),
            "ファイルが壊れていないか確かめ、本当に大きいなら図郭ごとに分けてください。",
        )


def check_not_empty(path: Path, name: str) -> None:
    """Raises MaterialError for a file of zero bytes."""
    if path.stat().st_size == 0:
        raise MaterialError("空のファイルです（0 バイト）。", Where(file=name), "もう一度コピーしてください。")


def world_file(path: Path) -> Transform | None:
    """The affine of the world file beside an image, col/row at pixel corners; None if there is none.

    A world file gives the centre of the upper-left pixel (Esri); the corner is half a pixel up and left.
    Looked for, in any case: `.tfw` (first and last letter + w), `.tifw`, `.wld`. Raises MaterialError.
    """
    suffix = path.suffix.lower().lstrip(".")
    wanted = [f"{path.stem}.{end}".lower() for end in (suffix[0] + suffix[-1] + "w", suffix + "w", "wld")]
    beside = {entry.name.lower(): entry for entry in path.parent.iterdir()}
    found = next((beside[name] for name in wanted if name in beside), None)
    if found is None:
        return None
    try:
        a, d, b, e, centre_c, centre_f = (float(value) for value in found.read_text(encoding="ascii").split())
    except ValueError as error:
        raise MaterialError(
            "ワールドファイルとして読めません。6 行の数値が必要です。", Where(file=found.name), "作り直してください。"
        ) from error
    if a * e - b * d == 0:
        raise MaterialError("ワールドファイルの画素の大きさが 0 です。", Where(file=found.name), "作り直してください。")
    return a, b, centre_c - (a + b) / 2, d, e, centre_f - (d + e) / 2


def _six(source: DatasetReader) -> Transform:
    t = source.transform
    return t.a, t.b, t.c, t.d, t.e, t.f


def _apart(one: Transform, other: Transform, width_px: int, height_px: int) -> float:
    """The largest distance between two affines at the page's corners, in pixels of the first."""
    size = abs(one[0] * one[4] - one[1] * one[3]) ** 0.5
    corners = ((0, 0), (width_px, 0), (width_px, height_px), (0, height_px))
    delta = [p - q for p, q in zip(one, other, strict=True)]
    return max(
        abs(complex(delta[0] * c + delta[1] * r + delta[2], delta[3] * c + delta[4] * r + delta[5])) for c, r in corners
    ) / (size or 1.0)


def _crs_text(wkt: str) -> str | None:
    """Authority code or WKT of a CRS that a file names; None for one that pyproj does not know."""
    try:
        parsed = reference_systems.parse(wkt)
    except DeclarationError:
        return None
    code = parsed.to_epsg()
    return f"EPSG:{code}" if code is not None else parsed.to_wkt()


def _prj(path: Path) -> str | None:
    """The CRS of a `.prj` beside an image with a world file."""
    beside = path.with_suffix(".prj")
    return _crs_text(beside.read_text(encoding="utf-8", errors="replace")) if beside.is_file() else None


def _dpi(tags: dict[str, str]) -> float | None:
    """Dots per inch as the file says (TIFF, JFIF and pHYs arrive as TIFF tags)."""
    try:
        value = float(tags["TIFFTAG_XRESOLUTION"])
    except (KeyError, ValueError):
        return None
    per_inch = value * 2.54 if tags.get("TIFFTAG_RESOLUTIONUNIT", "2").startswith("3") else value
    return round(per_inch, 2) if 10 <= per_inch <= 10_000 else None


def _orientation(tags: dict[str, str], name: str) -> Iterator[Finding]:
    """EXIF's turn is not followed: control points count the file's own pixels."""
    if tags.get("EXIF_Orientation", "1") != "1":
        yield Finding(
            rule="read",
            severity="warn",
            message="画像に表示の向き（EXIF Orientation）が記録されていますが、画素は記録のとおりの向きで読みました。",
            advice="基準点を QGIS で取ったのならこのままで合っています。",
            file=name,
        )


def _plain(error: Exception) -> str:
    """GDAL's own words without the path of this machine."""
    return str(error).rsplit("/", 1)[-1][:200]
