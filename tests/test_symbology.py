"""QML and SLD from declared classes, judged by QGIS itself where it is installed."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from gis_pipeline import symbology
from gis_pipeline.cartography import FALLBACK
from gis_pipeline.model import Collection, FeatureClass, Field, Scan
from tests.outputs import samples

PATTERNS: tuple[Any, ...] = ("none", "hatch", "cross", "dots", "dash")
CLASSES = tuple(
    FeatureClass(code=str(n), title=f"区分<{n}>'", short=f"区{n}", colour=f"#{n}0c{n}f{n}", pattern=pattern)
    for n, pattern in enumerate(PATTERNS, 1)
)
SHAPES = ("polygon", "line", "point")
COLLECTIONS = {shape: samples.collection(shape, classes=CLASSES) for shape in SHAPES} | {
    "unclassified": Collection(
        id="zu", title="図", geometry="line", fields={"mei": Field(source="名称", title="名称")}, label="{mei}"
    ),
    "sheets": Collection(id="zukaku", title="図郭", geometry="polygon", role="sheets", scan=Scan(pixel_m=0.25)),
}
SE, OGC = "{http://www.opengis.net/se}", "{http://www.opengis.net/ogc}"

QGIS = """
import json, sys
from qgis.core import (
    QgsApplication, QgsExpressionContext, QgsExpressionContextUtils, QgsFeature, QgsGeometry, QgsPointXY,
    QgsRenderContext, QgsVectorLayer,
)
application = QgsApplication([], False)
application.initQgis()
kinds = {"polygon": "Polygon", "line": "LineString", "point": "Point"}
found = []
for geometry, path in json.loads(sys.argv[1]):
    layer = QgsVectorLayer(f"{kinds[geometry]}?crs=EPSG:4326&field=kubun:string&field=bango:string&field=mei:string",
                           "l", "memory")
    said = layer.loadSldStyle(path) if path.endswith(".sld") else layer.loadNamedStyle(path)
    message, good = said if isinstance(said[1], bool) else reversed(said)
    colours = {}
    for code in ["1", "2", "3", "4", "5", "999", None]:
        feature = QgsFeature(layer.fields())
        feature["kubun"], feature["bango"], feature["mei"] = code, "0101", "it's"
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(0, 0)))
        renderer, context = layer.renderer().clone(), QgsRenderContext()
        scopes = QgsExpressionContextUtils.globalProjectLayerScopes(layer)
        context.setExpressionContext(QgsExpressionContext(scopes))
        context.expressionContext().setFeature(feature)
        renderer.startRender(context, layer.fields())
        symbols = [renderer.symbolForFeature(feature, context)] if renderer.type() != "RuleRenderer" else (
            renderer.symbolsForFeature(feature, context))
        chosen = [s for s in symbols if s is not None]
        colours[str(code)] = [[l.layerType(), l.color().name()] for s in chosen for l in s.symbolLayers()]
        renderer.stopRender(context)
        del renderer, chosen, symbols
    text = None
    if layer.labelsEnabled() and layer.labeling() is not None and layer.labeling().type() == "simple":
        from qgis.core import QgsExpression
        feature["kubun"] = "2"
        context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
        context.setFeature(feature)
        expression = QgsExpression(layer.labeling().settings().fieldName)
        text = expression.evaluate(context)
        if expression.hasEvalError() or expression.hasParserError():
            text = "ERROR " + expression.parserErrorString() + expression.evalErrorString()
    titles = [item.label() for item in layer.renderer().legendSymbolItems()]
    found.append({"good": bool(good), "message": str(message), "colours": colours, "text": text, "titles": titles})
    del layer
print(json.dumps(found))
application.exitQgis()
"""


@pytest.fixture(scope="module")
def read_by_qgis(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """What QGIS makes of every style of every kind of collection."""
    folder = tmp_path_factory.mktemp("qgis")
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    python = "/usr/bin/python3"
    try:
        probe = subprocess.run([python, "-c", "import qgis.core"], env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("skipped: no QGIS (python3-qgis)")
    if probe.returncode != 0:
        pytest.skip("skipped: no QGIS (python3-qgis)")
    keys, asked = [], []
    for name, collection in COLLECTIONS.items():
        for kind, write in (("qml", symbology.qml), ("sld", symbology.sld)):
            path = folder / f"{name}.{kind}"
            path.write_text(write(collection), encoding="utf-8")
            keys.append((name, kind))
            asked.append([collection.geometry, str(path)])
    done = subprocess.run(
        [python, "-c", QGIS, json.dumps(asked)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(keys, json.loads(done.stdout.strip().splitlines()[-1]), strict=True))


@pytest.mark.parametrize("kind", ["qml", "sld"])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_qgis_accepts_the_style(read_by_qgis: dict[tuple[str, str], Any], name: str, kind: str) -> None:
    assert read_by_qgis[name, kind]["good"], read_by_qgis[name, kind]["message"]


@pytest.mark.parametrize("kind", ["qml", "sld"])
@pytest.mark.parametrize("shape", SHAPES)
def test_qgis_draws_every_class_in_its_declared_colour(
    read_by_qgis: dict[tuple[str, str], Any], shape: str, kind: str
) -> None:
    colours = read_by_qgis[shape, kind]["colours"]
    assert {code: layers[0][1] for code, layers in colours.items()} == {
        entry.code: entry.colour for entry in CLASSES
    } | {"999": FALLBACK, "None": FALLBACK}


@pytest.mark.parametrize("kind", ["qml", "sld"])
def test_qgis_draws_a_second_layer_for_every_pattern(read_by_qgis: dict[tuple[str, str], Any], kind: str) -> None:
    colours = read_by_qgis["polygon", kind]["colours"]
    plain = len(colours["1"])
    assert [len(colours[entry.code]) > plain for entry in CLASSES] == [False, True, True, True, True]


@pytest.mark.parametrize("kind", ["qml", "sld"])
def test_qgis_shows_the_titles_of_the_legend(read_by_qgis: dict[tuple[str, str], Any], kind: str) -> None:
    assert read_by_qgis["polygon", kind]["titles"] == [*(entry.title for entry in CLASSES), "その他"]


def test_qgis_evaluates_the_label_template(read_by_qgis: dict[tuple[str, str], Any]) -> None:
    assert read_by_qgis["polygon", "qml"]["text"] == "0101 it's（区2）"
    assert read_by_qgis["unclassified", "qml"]["text"] == "it's"


def test_sld_has_one_rule_a_class_and_one_for_the_rest() -> None:
    rules = list(ET.fromstring(symbology.sld(COLLECTIONS["polygon"])).iter(f"{SE}Rule"))
    literals = [rule.findtext(f".//{OGC}Literal") for rule in rules]
    assert literals == [*(entry.code for entry in CLASSES), None]
    assert [rule.find(f"{SE}ElseFilter") is not None for rule in rules] == [False] * len(CLASSES) + [True]


@pytest.mark.parametrize("write", [symbology.qml, symbology.sld])
def test_what_has_no_geometry_has_no_style(write: Any) -> None:
    with pytest.raises(ValueError, match="形がありません"):
        write(samples.collection("none"))
