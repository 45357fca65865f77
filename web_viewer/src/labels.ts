/**
 * One label for each feature on the screen. Drawn tile by tile, a district would carry its label in every tile that it
 * reaches; here its pieces are looked at together, and the one that fills most of the view carries it.
 */

import { containsCoordinate, type Extent, getArea, getIntersection, getWidth } from "ol/extent";
import Feature, { type FeatureLike } from "ol/Feature";
import type Geometry from "ol/geom/Geometry";
import LineString from "ol/geom/LineString";
import MultiLineString from "ol/geom/MultiLineString";
import MultiPoint from "ol/geom/MultiPoint";
import MultiPolygon from "ol/geom/MultiPolygon";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import type VectorTileLayer from "ol/layer/VectorTile";
import RenderFeature, { toGeometry } from "ol/render/Feature";
import VectorSource from "ol/source/Vector";
import type { Collection } from "./model";
import { labelsOf, showsLabel } from "./style";

type Ring = readonly (readonly number[])[];
type Piece = { readonly geometry: Geometry; readonly size: number };

/** Narrower than this on the screen no label has room. */
const NARROWEST_PX = 24;

export type Labels = {
  readonly layer: VectorLayer;
  /** Puts the labels where the features of the drawn tiles lie within `view`; `resolution` in its units a pixel. */
  place(view: Extent, resolution: number): void;
};

export function createLabels(collection: Collection, shapes: VectorTileLayer, options: object): Labels {
  const source = new VectorSource();
  const layer = new VectorLayer({ ...options, source, declutter: true, style: labelsOf(collection) });
  return {
    layer,
    place(view, resolution) {
      const drawn = shapes.getFeaturesInExtent(view).filter((feature) => showsLabel(feature, resolution));
      source.clear(true);
      source.addFeatures(oneEach(drawn, view, resolution));
    },
  };
}

/** The largest visible piece of every feature, with the feature's properties. */
export function oneEach(drawn: readonly FeatureLike[], view: Extent, resolution: number): Feature[] {
  const best = new Map<unknown, Piece & { readonly of: FeatureLike }>();
  for (const feature of drawn) {
    const key = feature.get("fid") ?? feature.getId() ?? feature;
    for (const piece of piecesOf(feature, view, resolution)) {
      if (piece.size > (best.get(key)?.size ?? 0)) best.set(key, { ...piece, of: feature });
    }
  }
  return [...best.values()].map(({ geometry, of }) => new Feature({ ...of.getProperties(), geometry }));
}

function piecesOf(feature: FeatureLike, view: Extent, resolution: number): readonly Piece[] {
  const extent = feature.getGeometry()?.getExtent();
  // Looked at before anything is copied: of a whole town's parcels few have room for a label.
  if (extent === undefined || (isArea(feature) && getWidth(extent) <= NARROWEST_PX * resolution)) return [];
  const geometry = feature instanceof RenderFeature ? toGeometry(feature) : feature.getGeometry();
  if (geometry instanceof MultiPoint) return geometry.getPoints().map((point) => ({ geometry: point, size: 1 }));
  if (geometry instanceof LineString) return [pieceOfLine(geometry, view)];
  if (geometry instanceof MultiLineString) return geometry.getLineStrings().map((line) => pieceOfLine(line, view));
  const polygons = geometry instanceof Polygon ? [geometry] : geometry instanceof MultiPolygon ? geometry.getPolygons() : null;
  if (polygons === null) return [{ geometry: geometry as Geometry, size: 1 }];
  return polygons
    .filter((polygon) => getWidth(polygon.getExtent()) > NARROWEST_PX * resolution)
    .map((polygon) => clipped(polygon, view))
    .map((polygon) => ({ geometry: polygon, size: polygon.getArea() }));
}

function isArea(feature: FeatureLike): boolean {
  return feature.getGeometry()!.getType().endsWith("Polygon");
}

/** A line stays whole: what counts is how much of it is seen. */
function pieceOfLine(line: LineString, view: Extent): Piece {
  let size = 0;
  line.forEachSegment(([x1, y1], [x2, y2]) => {
    const length = Math.hypot(x2! - x1!, y2! - y1!);
    // The little that the rest counts decides between lines of which nothing is seen.
    size += containsCoordinate(view, [(x1! + x2!) / 2, (y1! + y2!) / 2]) ? length : length * 1e-6;
  });
  return { geometry: line, size };
}

/** What of a polygon lies in the view. */
function clipped(polygon: Polygon, view: Extent): Polygon {
  if (getArea(getIntersection(polygon.getExtent(), view)) === getArea(polygon.getExtent())) return polygon;
  const rings = polygon.getCoordinates().map((ring) => clipRing(ring, view));
  return rings[0]!.length < 4 ? new Polygon([]) : new Polygon(rings.filter((ring) => ring.length >= 4) as number[][][]);
}

/** Sutherland and Hodgman (1974): the ring cut by one side of the box after the other. */
export function clipRing(ring: Ring, [west, south, east, north]: Extent): Ring {
  const sides = [
    { axis: 0, at: west!, sign: 1 },
    { axis: 0, at: east!, sign: -1 },
    { axis: 1, at: south!, sign: 1 },
    { axis: 1, at: north!, sign: -1 },
  ] as const;
  let points: Ring = ring.slice(0, -1);
  for (const { axis, at, sign } of sides) {
    const inside = (point: readonly number[]): boolean => (point[axis]! - at) * sign >= 0;
    points = points.flatMap((point, index) => {
      const before = points[(index + points.length - 1) % points.length]!;
      const crossing = inside(point) === inside(before) ? [] : [crossed(before, point, axis, at)];
      return inside(point) ? [...crossing, point] : crossing;
    });
  }
  return points.length === 0 ? [] : [...points, points[0]!];
}

/** Where the way from `a` to `b` meets the line on which the axis has the value `at`. */
function crossed(a: readonly number[], b: readonly number[], axis: 0 | 1, at: number): readonly number[] {
  const share = (at - a[axis]!) / (b[axis]! - a[axis]!);
  return [a[0]! + (b[0]! - a[0]!) * share, a[1]! + (b[1]! - a[1]!) * share];
}
