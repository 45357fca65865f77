/** Declared classes -> OpenLayers styles. */

import type { FeatureLike } from "ol/Feature";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style, { type StyleFunction } from "ol/style/Style";
import Text from "ol/style/Text";
import { classOf, DASHES, labelOf, outlineOf } from "./legend";
import type { Collection, LegendClass } from "./model";
import { fillOf } from "./pattern";

export const MAP_FONT = '"BIZ UDPGothic", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", Meiryo, sans-serif';
const LABEL_PX = 16;

/** Resolutions in metres a pixel at the equator, by zoom: nearer than these, labels are worth their room. */
const LINE_LABELS_BELOW = 156543.04 / 2 ** 15.2;
const POINT_LABELS_BELOW = 156543.04 / 2 ** 16;
/** Steps of line width: over a whole town thin lines without casing, near by full ones. */
const FAR_ABOVE = 156543.04 / 2 ** 14.2;
const THIN_ABOVE = 156543.04 / 2 ** 15.2;
type Width = "far" | "thin" | "full";

/** Shapes without labels. `opacity` in percent concerns the fill of polygons only: outlines stay readable. */
export function shapesOf(collection: Collection, opacity: number): StyleFunction {
  const drawings = new Map<string, Style[]>();
  return (feature, resolution) => {
    const own = classOf(collection, feature.getProperties());
    const width: Width = resolution > FAR_ABOVE ? "far" : resolution > THIN_ABOVE ? "thin" : "full";
    const key = `${own.code}|${width}`;
    let styles = drawings.get(key);
    if (styles === undefined) {
      styles = [...drawingOf(collection, own, opacity / 100, width)];
      drawings.set(key, styles);
    }
    return styles;
  };
}

/** Labels alone: they lie above the shapes of every layer. */
export function labelsOf(collection: Collection): StyleFunction {
  const labels = new Map<string, Style>();
  return (feature) => {
    const text = labelOf(collection, feature.getProperties());
    if (text === "") return undefined;
    let label = labels.get(text);
    if (label === undefined) {
      label = labelStyle(collection, text);
      labels.set(text, label);
    }
    return label;
  };
}

/** Whether labels of this kind of feature are worth their room at a resolution (metres a pixel at the equator). */
export function showsLabel(feature: FeatureLike, resolution: number): boolean {
  const kind = feature.getGeometry()?.getType() ?? "";
  if (kind.endsWith("Point")) return resolution < POINT_LABELS_BELOW;
  return kind.endsWith("LineString") ? resolution < LINE_LABELS_BELOW : true;
}

function drawingOf(collection: Collection, own: LegendClass, alpha: number, width: Width): readonly Style[] {
  if (collection.geometry === "line") return lineStyles(collection, own, width);
  if (collection.geometry === "point") return [pointStyle(own)];
  if (collection.role === "boundary") return boundaryStyles(own);
  const stroke = new Stroke({ color: outlineOf(own.colour), width: width === "full" ? 1.5 : 1 });
  return [new Style({ fill: new Fill({ color: fillOf(own.colour, own.pattern, alpha) }), stroke })];
}

/** Near by, a white casing keeps lines apart from the black lines of a scan. */
function lineStyles(collection: Collection, own: LegendClass, step: Width): readonly Style[] {
  const width = (collection.role === "planned_road" ? 5 : 3) * { far: 0.35, thin: 0.6, full: 1 }[step];
  const dash = DASHES[own.pattern];
  const lineDash = dash === null ? {} : { lineDash: dash.map((length) => length * width), lineCap: "butt" as const };
  const line = new Style({ stroke: new Stroke({ color: outlineOf(own.colour), width, ...lineDash }) });
  if (step === "far") return [line];
  const casing = { color: "rgba(255, 255, 255, 0.85)", width: width + (step === "full" ? 3 : 1.2) };
  return [new Style({ stroke: new Stroke(casing) }), line];
}

/** The town's edge is a line, not an area that hides what lies in it. */
function boundaryStyles(own: LegendClass): readonly Style[] {
  return [
    new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 5 }) }),
    new Style({ stroke: new Stroke({ color: own.colour, width: 2.5, lineDash: [14, 5, 3, 5], lineCap: "butt" }) }),
  ];
}

function pointStyle(own: LegendClass): Style {
  return new Style({
    image: new CircleStyle({
      radius: 5,
      fill: new Fill({ color: own.colour }),
      stroke: new Stroke({ color: "#ffffff", width: 1.5 }),
    }),
  });
}

function labelStyle(collection: Collection, text: string): Style {
  const along = collection.geometry === "line";
  return new Style({
    text: new Text({
      text,
      font: `bold ${LABEL_PX}px ${MAP_FONT}`,
      placement: along ? "line" : "point",
      ...(along ? { repeat: 320 } : {}),
      ...(collection.geometry === "point" ? { textAlign: "left" as const, offsetX: 9 } : {}),
      fill: new Fill({ color: "#1a1a1a" }),
      // Along a line the halo closes the gaps between characters: 「3・5・4」 must not gain dots from the line below.
      stroke: new Stroke({ color: "rgba(255, 255, 255, 0.95)", width: along ? 8 : 3.5 }),
    }),
  });
}

/** What was found at the place: dark blue in a white casing, seen on every class colour and on scans. */
export const highlightStyles: readonly Style[] = [
  new Style({
    stroke: new Stroke({ color: "#ffffff", width: 8 }),
    image: new CircleStyle({ radius: 12, stroke: new Stroke({ color: "#ffffff", width: 8 }) }),
  }),
  new Style({
    stroke: new Stroke({ color: "#0017c1", width: 4 }),
    image: new CircleStyle({ radius: 12, stroke: new Stroke({ color: "#0017c1", width: 4 }) }),
  }),
];

/** The area that somebody draws for a download, and its corners while it is drawn. */
export const areaStyles: readonly Style[] = [
  new Style({ stroke: new Stroke({ color: "#ffffff", width: 6 }) }),
  new Style({
    fill: new Fill({ color: "rgba(0, 0, 0, 0.12)" }),
    stroke: new Stroke({ color: "#8b0000", width: 3, lineDash: [10, 6] }),
    image: new CircleStyle({ radius: 7, fill: new Fill({ color: "#8b0000" }), stroke: new Stroke({ color: "#ffffff", width: 2 }) }),
  }),
];

/** 現在地: a dot and the circle within which the device says it is. */
export const locationStyles: readonly Style[] = [
  new Style({
    fill: new Fill({ color: "rgba(52, 96, 251, 0.15)" }),
    stroke: new Stroke({ color: "#264af4", width: 2, lineDash: [6, 4] }),
    image: new CircleStyle({
      radius: 9,
      fill: new Fill({ color: "#264af4" }),
      stroke: new Stroke({ color: "#ffffff", width: 3 }),
    }),
  }),
];
