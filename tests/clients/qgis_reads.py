"""Run by QGIS's own Python: reads everything the service offers to QGIS and writes down what it saw.

python3 qgis_reads.py ADDRESS FOLDER COLLECTION,…    → FOLDER/read.json and one PNG a picture
"""

# mypy: ignore-errors
# (PyQGIS has no types, and this is another Python than the project's.)

import json
import sys
from pathlib import Path
from urllib.request import urlopen

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapBoxGlStyleConverter,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QDate, QSize, QVariant
from qgis.PyQt.QtGui import QColor

SITE, FOLDER, NAMES = sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(",")
TOWN = QgsRectangle(-51500, -29800, -48500, -27600)
PLACE = QgsPointXY(-50000, -28500)
MATRIX_SETS = {"WebMercatorQuad": "EPSG:3857", "EPSG6677Scales": "EPSG:6677"}


def plain(value):
    if isinstance(value, QDate):
        return value.toString("yyyy-MM-dd")
    return None if isinstance(value, QVariant) and value.isNull() else value


def features(name):
    layer = QgsVectorLayer(f"url='{SITE}/api' typename='{name}'", name, "OAPIF")
    fields = [field.name() for field in layer.fields()]
    rows = [dict(zip(fields, map(plain, one.attributes()), strict=True)) for one in layer.getFeatures()]
    return {"valid": layer.isValid(), "count": layer.featureCount(), "rows": rows}


def picture(layer, name):
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:6677"))
    settings.setExtent(TOWN)
    settings.setOutputSize(QSize(600, 440))
    settings.setBackgroundColor(QColor(255, 255, 255))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(FOLDER / f"{name}.png"))
    return {"valid": layer.isValid(), "errors": [error.message for error in job.errors()], "title": layer.name()}


def styled():
    """The QML laid on the layer of OGC API Features."""
    sheet = FOLDER / "youto.qml"
    sheet.write_bytes(urlopen(f"{SITE}/styles/youto.qml").read())
    layer = QgsVectorLayer(f"url='{SITE}/api' typename='youto'", "qml", "OAPIF")
    message, loaded = layer.loadNamedStyle(str(sheet))
    classes = {one.value(): one.label() for one in layer.renderer().categories()}
    return {"loaded": loaded, "message": message, "classes": classes, "picture": picture(layer, "qml")}


def tiled():
    """The vector tiles in the MapLibre style of the service, and what QGIS could not make of that style."""
    address = f"styleUrl={SITE}/styles/youto.json&type=xyz&url={SITE}/tiles/youto/{{z}}/{{x}}/{{y}}.mvt&zmin=10&zmax=16"
    layer = QgsVectorTileLayer(address, "mvt")
    loaded = layer.loadDefaultStyle()[1]
    unread = {}
    for name in NAMES:
        converter = QgsMapBoxGlStyleConverter()
        converter.convert(json.load(urlopen(f"{SITE}/styles/{name}.json")))
        unread[name] = converter.warnings()
    return {"loaded": loaded, "unread": unread, "picture": picture(layer, "mvt")}


def raster(name, source):
    layer = QgsRasterLayer(source, name, "wms")
    found = picture(layer, name)
    if source.startswith("context"):
        ask = layer.dataProvider().identify
        place = PLACE if layer.crs().authid() == "EPSG:6677" else layer.extent().center()
        answer = ask(place, QgsRaster.IdentifyFormatText, layer.extent(), 800, 600)
        found["info"] = "".join(map(str, answer.results().values()))
    return found


def main():
    said = []
    QgsApplication.messageLog().messageReceived.connect(lambda text, tag, _: said.append(f"{tag}: {text}"))
    pictures = {"xyz": raster("xyz", f"type=xyz&url={SITE}/tiles/plan2500/{{z}}/{{x}}/{{y}}.webp&zmin=10&zmax=18")}
    usual = "contextualWMSLegend=0&dpiMode=7&format=image/png&layers=youto"
    for matrix_set, crs in MATRIX_SETS.items():
        source = (
            f"{usual}&crs={crs}&styles=default&tileMatrixSet={matrix_set}&url={SITE}/wmts/1.0.0/WMTSCapabilities.xml"
        )
        pictures[matrix_set] = raster(matrix_set, source)
        pictures[f"{matrix_set} 2020"] = raster(f"{matrix_set} 2020", f"{source}&tileDimensions=Time=2019-04-01")
    for version in ("1.1.1", "1.3.0"):
        for crs in ("EPSG:6677", "EPSG:4326", "EPSG:3857"):
            name = f"{version} {crs}"
            pictures[name] = raster(name, f"{usual}&crs={crs}&styles&url={SITE}/wms?VERSION%3D{version}")
    read = {
        "features": {name: features(name) for name in NAMES},
        "qml": styled(),
        "mvt": tiled(),
        "pictures": pictures,
        "said": said,
    }
    (FOLDER / "read.json").write_text(json.dumps(read, ensure_ascii=False), encoding="utf-8")


application = QgsApplication([], False)
application.initQgis()
main()
application.exitQgis()
