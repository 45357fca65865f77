/** The map: draws the state, says where somebody pressed. The view is EPSG:3857; places go in and out in degrees. */

import ScaleLine from "ol/control/ScaleLine";
import Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import MVT from "ol/format/MVT";
import { circular, type default as Polygon } from "ol/geom/Polygon";
import Point from "ol/geom/Point";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import Draw from "ol/interaction/Draw";
import type BaseLayer from "ol/layer/Base";
import TileLayer from "ol/layer/Tile";
import VectorLayer from "ol/layer/Vector";
import VectorTileLayer from "ol/layer/VectorTile";
import OlMap from "ol/Map";
import Overlay from "ol/Overlay";
import { fromLonLat, getPointResolution, toLonLat, transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";
import VectorTileSource from "ol/source/VectorTile";
import XYZ from "ol/source/XYZ";
import { getArea } from "ol/sphere";
import OlView from "ol/View";
import { h, icon, ICONS } from "./dom";
import { tilesOn } from "./editions";
import type { Drawn } from "./exporting";
import { createLabels, type Labels } from "./labels";
import type { BBox, Catalogue, Collection } from "./model";
import type { LonLat, State, View } from "./state";
import { areaStyles, highlightStyles, locationStyles, shapesOf } from "./style";

const WEB_MERCATOR = "EPSG:3857";
const GSI_TILES = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png";
const MAX_ZOOM = 21;
/** How near a press must be to a line or a point, on the screen. */
const PRESS_PX = 12;
/** Tiles come in crowds; labels are placed once for each crowd. */
const LABEL_PAUSE_MS = 80;

export type MapEvents = {
  readonly onPress: (place: LonLat) => void;
  readonly onView: (view: View) => void;
};

export type MapRoom = {
  update(state: State, before: State | null): void;
  zoomBy(steps: number): void;
  centre(): LonLat;
  /** Ground metres that correspond to a finger's width here, within [10, 30]. */
  pressRadiusM(): number;
  flyTo(place: LonLat, bbox: BBox | null): void;
  /** Brings a place into view if it is not. */
  reveal(place: LonLat): void;
  highlight(features: readonly object[]): void;
  showLocation(place: LonLat, accuracyM: number): void;
  /** The box in degrees that the screen shows. */
  viewBox(): BBox;
  /** Lets somebody draw an area; the one before is gone. */
  startDrawing(onDrawn: (drawn: Drawn) => void): void;
  /** Ends the drawing with the corners that there are, if they make an area. */
  finishDrawing(): void;
  stopDrawing(): void;
  zoom(): number;
};

/** One collection on the map; its labels are a layer of their own, above the shapes of all others. */
type DrawnLayers = { shapes: BaseLayer; labels: Labels | null; url: string; opacity: number };

export function createMap(target: HTMLElement, catalogue: Catalogue, events: MapEvents): MapRoom {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const duration = (): number => (calm.matches ? 0 : 400);
  const view = new OlView({ projection: WEB_MERCATOR, minZoom: 6, maxZoom: MAX_ZOOM, enableRotation: false });
  const found = vectorOverlay(highlightStyles, 1900);
  const location = vectorOverlay(locationStyles, 1910);
  const gsi = new TileLayer({
    source: new XYZ({ url: GSI_TILES, minZoom: 5, maxZoom: 18, transition: 0 }),
    visible: false,
    zIndex: 0,
  });
  const pin = new Overlay({
    element: h("div", { class: "pin" }, icon(...ICONS.pin)),
    positioning: "bottom-center",
    stopEvent: false,
  });
  const map = new OlMap({
    target,
    view,
    layers: [gsi, found.layer, location.layer],
    overlays: [pin],
    controls: [new ScaleLine({ units: "metric", minWidth: 90 })],
    interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
  });
  const townExtent = extentOf(catalogue.service.bbox ?? unionOf(catalogue.collections));
  view.fit(townExtent, { size: map.getSize() ?? [800, 600], padding: townPadding(800) });

  const drawn = new Map<string, DrawnLayers>();
  const area = vectorOverlay(areaStyles, 1920);
  map.addLayer(area.layer);
  let drawing: Draw | null = null;
  map.on("singleclick", (event) => events.onPress(place(event.coordinate)));
  const stopDrawing = (): void => {
    if (drawing !== null) map.removeInteraction(drawing);
    drawing = null;
  };
  // The state's view stays null (the whole town) until somebody moves the map.
  let ownMove = true;
  let wholeTown = true;
  const fitTown = (animated: boolean): void => {
    const size = map.getSize();
    if (size === undefined || size[0] === 0 || size[1] === 0) return;
    ownMove = true;
    view.cancelAnimations();
    view.fit(townExtent, { size, padding: townPadding(size[0]!), duration: animated ? duration() : 0 });
  };
  map.on("moveend", () => {
    const centre = view.getCenter();
    const zoom = view.getZoom();
    if (!ownMove && centre !== undefined && zoom !== undefined) events.onView({ ...place(centre), zoom });
    ownMove = false;
  });
  let labelTimer: number | undefined;
  const placeLabels = (): void => {
    labelTimer ??= window.setTimeout(() => {
      labelTimer = undefined;
      const resolution = view.getResolution();
      if (resolution === undefined) return;
      for (const { labels } of drawn.values()) labels?.place(view.calculateExtent(), resolution);
    }, LABEL_PAUSE_MS);
  };
  map.on("moveend", placeLabels);
  map.on("change:size", () => {
    ownMove = true;
    if (wholeTown) fitTown(false);
  });

  function draw(state: State): void {
    gsi.setVisible(state.base === "gsi");
    catalogue.collections.forEach((collection, index) => {
      const shown = state.layers.includes(collection.id) && (!isScan(collection) || state.base === "scan");
      const url = shown ? tilesOn(collection, state.date) : null;
      const kept = drawn.get(collection.id);
      const opacity = state.opacity[collection.id] ?? 100;
      if (kept?.url === url) {
        if (kept !== undefined && kept.opacity !== opacity) fade(kept.shapes, collection, opacity);
        if (kept !== undefined) kept.opacity = opacity;
        return;
      }
      if (kept !== undefined) {
        map.removeLayer(kept.shapes);
        if (kept.labels !== null) map.removeLayer(kept.labels.layer);
        drawn.delete(collection.id);
      }
      if (url === null) return;
      const added = isImage(collection) ? imageLayers(collection, url) : vectorLayers(collection, url, placeLabels);
      added.shapes.setZIndex(orderOf(collection, index));
      added.labels?.layer.setZIndex(labelOrderOf(collection, index));
      fade(added.shapes, collection, opacity);
      map.addLayer(added.shapes);
      if (added.labels !== null) map.addLayer(added.labels.layer);
      drawn.set(collection.id, { ...added, url, opacity });
      placeLabels();
    });
  }

  function go(next: View): void {
    view.cancelAnimations();
    view.animate({ center: fromLonLat([next.lon, next.lat]), zoom: next.zoom, duration: duration() });
  }

  return {
    update(state, before) {
      draw(state);
      wholeTown = state.view === null && state.point === null;
      pin.setPosition(state.point === null ? undefined : fromLonLat([state.point.lon, state.point.lat]));
      if (before === null && state.view !== null) {
        view.setCenter(fromLonLat([state.view.lon, state.view.lat]));
        view.setZoom(state.view.zoom);
      } else if (before !== null && state.view !== before.view && !showsAlready(view, state.view)) {
        if (state.view === null) fitTown(true);
        else go(state.view);
      }
    },
    zoomBy(steps) {
      view.cancelAnimations();
      view.animate({ zoom: (view.getZoom() ?? 12) + steps, duration: calm.matches ? 0 : 200 });
    },
    centre: () => place(view.getCenter() ?? [0, 0]),
    pressRadiusM() {
      const resolution = getPointResolution(WEB_MERCATOR, view.getResolution() ?? 1, view.getCenter() ?? [0, 0], "m");
      return Math.round(Math.min(30, Math.max(10, PRESS_PX * resolution)));
    },
    flyTo(target_, bbox) {
      const extent = bbox === null ? null : extentOf(bbox);
      const centre = fromLonLat([target_.lon, target_.lat]);
      if (extent === null || (extent[0] === extent[2] && extent[1] === extent[3]))
        view.animate({ center: centre, zoom: 17, duration: duration() });
      else view.fit(extent, { padding: [56, 56, 56, 56], maxZoom: 17, duration: duration() });
    },
    reveal(target_) {
      const size = map.getSize();
      const pixel = map.getPixelFromCoordinate(fromLonLat([target_.lon, target_.lat]));
      if (size === undefined || pixel === null) return;
      const inside = pixel[0]! > 24 && pixel[1]! > 64 && pixel[0]! < size[0]! - 24 && pixel[1]! < size[1]! - 24;
      if (!inside) view.animate({ center: fromLonLat([target_.lon, target_.lat]), duration: duration() });
    },
    highlight(features) {
      const format = new GeoJSON({ featureProjection: WEB_MERCATOR });
      found.source.clear();
      found.source.addFeatures(features.flatMap((feature) => format.readFeatures(feature)));
    },
    showLocation(target_, accuracyM) {
      const centre = [target_.lon, target_.lat];
      location.source.clear();
      location.source.addFeatures([
        new Feature(circular(centre, accuracyM).transform("EPSG:4326", WEB_MERCATOR)),
        new Feature(new Point(fromLonLat(centre))),
      ]);
      view.animate({ center: fromLonLat(centre), zoom: Math.max(view.getZoom() ?? 0, 16), duration: duration() });
    },
    viewBox: () => boxOf(view.calculateExtent()),
    startDrawing(onDrawn) {
      stopDrawing();
      area.source.clear();
      drawing = new Draw({ source: area.source, type: "Polygon", style: [...areaStyles], stopClick: true }); // a corner is no press
      drawing.on("drawstart", () => area.source.clear());
      drawing.on("drawend", ({ feature }) => {
        stopDrawing();
        const polygon = feature.getGeometry() as Polygon;
        const ring = polygon.getCoordinates()[0]!.slice(0, -1);
        onDrawn({ corners: ring.map(place), areaM2: getArea(polygon) });
      });
      map.addInteraction(drawing);
    },
    finishDrawing: () => drawing?.finishDrawing(),
    stopDrawing,
    zoom: () => view.getZoom() ?? 0,
  };
}

/** Top, right, bottom, left in pixels: on a wide map the buttons do not cover the town. */
function townPadding(widthPx: number): number[] {
  return [16, widthPx < 600 ? 16 : 96, 16, 16];
}

/** The state already says what the map shows: an answer to the map's own movement, not an order. */
function showsAlready(view: OlView, wanted: View | null): boolean {
  const centre = view.getCenter();
  if (wanted === null || centre === undefined) return false;
  const shown = place(centre);
  const near = Math.abs(shown.lon - wanted.lon) < 1e-5 && Math.abs(shown.lat - wanted.lat) < 1e-5;
  return near && Math.abs((view.getZoom() ?? 0) - wanted.zoom) < 0.01;
}

function isScan(collection: Collection): boolean {
  return collection.role === "sheets" && isImage(collection);
}

function isImage(collection: Collection): boolean {
  return collection.tiles.kind === "image";
}

/** Scans lie under areas, areas under lines, lines under points; a planned road over the roads it will replace. */
function orderOf(collection: Collection, index: number): number {
  const kind = isImage(collection) ? 1 : { polygon: 2, line: 4, point: 5, none: 6 }[collection.geometry];
  return (collection.role === "boundary" ? 3 : kind) * 100 + index + planned(collection);
}

function planned(collection: Collection): number {
  return collection.role === "planned_road" ? 50 : 0;
}

/** The stamp of a district goes before the number of a road where there is no room for both. */
function labelOrderOf(collection: Collection, index: number): number {
  return { point: 20, line: 21, polygon: 22, none: 23 }[collection.geometry] * 100 + index + planned(collection);
}

/** The town's own name on every tile would hide what lies in the town. */
function isLabelled(collection: Collection): boolean {
  return collection.label !== "" && collection.role !== "boundary";
}

type Layers = { readonly shapes: BaseLayer; readonly labels: Labels | null };

function imageLayers(collection: Collection, url: string): Layers {
  const [minZoom, maxZoom] = collection.zooms;
  const source = new XYZ({ url, minZoom, maxZoom, transition: 0 });
  return { shapes: new TileLayer({ source, minZoom: minZoom - 1, ...extentOption(collection) }), labels: null };
}

function vectorLayers(collection: Collection, url: string, onTiles: () => void): Layers {
  const [minZoom, maxZoom] = collection.zooms;
  const source = new VectorTileSource({ format: new MVT(), url, minZoom, maxZoom, transition: 0 });
  // Drawn in the view, not per tile: outlines stay sharp beyond the tiles' own zoom.
  const options = { minZoom: minZoom - 1, ...extentOption(collection) };
  const shapes = new VectorTileLayer({ ...options, source, renderMode: "vector" });
  if (!isLabelled(collection)) return { shapes, labels: null };
  source.on("tileloadend", onTiles);
  return { shapes, labels: createLabels(collection, shapes, options) };
}

/** Percent: of polygons the fill fades, so that outlines stay readable; else the layer. */
function fade(layer: BaseLayer, collection: Collection, opacity: number): void {
  if (layer instanceof VectorTileLayer) layer.setStyle(shapesOf(collection, opacity));
  if (!(layer instanceof VectorTileLayer) || collection.geometry !== "polygon") layer.setOpacity(opacity / 100);
}

/** Tiles are only asked for where the collection is: elsewhere there are none. */
function extentOption(collection: Collection): { extent?: number[] } {
  if (collection.bbox === null) return {};
  const [west, south, east, north] = extentOf(collection.bbox) as [number, number, number, number];
  const margin = Math.max(50, (east - west) * 0.01);
  return { extent: [west - margin, south - margin, east + margin, north + margin] };
}

function vectorOverlay(style: readonly object[], zIndex: number): { layer: BaseLayer; source: VectorSource } {
  const source = new VectorSource();
  return { source, layer: new VectorLayer({ source, style: style as never, zIndex }) };
}

function boxOf(extent: number[]): BBox {
  const [west, south, east, north] = transformExtent(extent, WEB_MERCATOR, "EPSG:4326") as [number, number, number, number];
  return { west, south, east, north };
}

function extentOf(bbox: BBox): number[] {
  return transformExtent([bbox.west, bbox.south, bbox.east, bbox.north], "EPSG:4326", WEB_MERCATOR);
}

function unionOf(collections: readonly Collection[]): BBox {
  const boxes = collections.flatMap((collection) => collection.bbox ?? []);
  if (boxes.length === 0) return { west: 122, south: 24, east: 146, north: 46 };
  return {
    west: Math.min(...boxes.map((box) => box.west)),
    south: Math.min(...boxes.map((box) => box.south)),
    east: Math.max(...boxes.map((box) => box.east)),
    north: Math.max(...boxes.map((box) => box.north)),
  };
}

function place(coordinate: number[]): LonLat {
  const [lon, lat] = toLonLat(coordinate) as [number, number];
  return { lon, lat };
}
