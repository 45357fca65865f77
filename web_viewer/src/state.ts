/**
 * The one state object, mirrored in the part of the URL after "#". What equals the default is left out, so that a
 * link says only what its sender chose and keeps its meaning when a layer is added.
 *
 * `#lon=139.26710&lat=35.74571&z=15.20&layers=youto,chodo&opacity=youto:40&base=gsi&point=139.2671000,35.7457100
 *  &feature=chodo/0101&date=2020-04-01` — `point` is longitude, latitude.
 */

import type { BaseMap, Catalogue, Collection } from "./model";

export type View = { readonly lon: number; readonly lat: number; readonly zoom: number };
export type LonLat = { readonly lon: number; readonly lat: number };
export type FeatureRef = { readonly collection: string; readonly id: string };

export type State = {
  /** null: the whole town, at whatever zoom that needs on this screen. */
  readonly view: View | null;
  /** Ids of the layers that are shown, in the order of the catalogue. */
  readonly layers: readonly string[];
  /** Percent by layer id, 0 transparent to 100 opaque. */
  readonly opacity: Readonly<Record<string, number>>;
  readonly base: BaseMap;
  /** The place whose attributes are shown. */
  readonly point: LonLat | null;
  /** The feature that a search found. */
  readonly feature: FeatureRef | null;
  /** The day whose state is shown, YYYY-MM-DD; null: today. */
  readonly date: string | null;
};

/** Roles that are shown at first: what most visitors come for, without two fills over each other. */
const SHOWN_AT_FIRST: readonly string[] = ["use_district", "planned_road", "road", "boundary", "sheets"];

export function defaultsFor(catalogue: Catalogue): State {
  const { service, collections } = catalogue;
  const drawn = collections.filter((collection) => collection.tiles.kind !== "none");
  const first = drawn.filter((item) => SHOWN_AT_FIRST.includes(item.role) && item.status !== "案");
  const thematic = first.some((item) => item.role !== "sheets" && item.role !== "boundary");
  const shown = thematic ? first : drawn.filter((item) => item.status !== "案").slice(0, 6);
  return {
    view: null,
    layers: shown.map((item) => item.id),
    opacity: Object.fromEntries(collections.map((item) => [item.id, defaultOpacity(item)])),
    base: defaultBase(catalogue),
    point: null,
    feature: null,
    date: null,
  };

  function defaultBase({ collections: all }: Catalogue): BaseMap {
    const scans = all.some((item) => item.role === "sheets" && item.tiles.kind === "image");
    const offered = service.baseMaps.filter((base) => base !== "scan" || scans);
    // 地理院タイル are another host's: only ever shown when somebody chooses them.
    return offered.find((base) => base !== "gsi") ?? "blank";
  }
}

function defaultOpacity(collection: Collection): number {
  return collection.geometry === "polygon" && collection.role !== "sheets" ? 60 : 100;
}

export function toHash(state: State, defaults: State): string {
  const parts: string[] = [];
  if (state.view !== null) {
    const { lon, lat, zoom } = state.view;
    parts.push(`lon=${lon.toFixed(5)}`, `lat=${lat.toFixed(5)}`, `z=${zoom.toFixed(2)}`);
  }
  if (state.layers.join() !== defaults.layers.join()) parts.push(`layers=${state.layers.join(",")}`);
  const opacity = Object.entries(state.opacity).filter(([id, percent]) => defaults.opacity[id] !== percent);
  if (opacity.length > 0) parts.push(`opacity=${opacity.map(([id, percent]) => `${id}:${percent}`).join(",")}`);
  if (state.base !== defaults.base) parts.push(`base=${state.base}`);
  if (state.point !== null) parts.push(`point=${state.point.lon.toFixed(7)},${state.point.lat.toFixed(7)}`);
  if (state.feature !== null) parts.push(`feature=${state.feature.collection}/${encodeURIComponent(state.feature.id)}`);
  if (state.date !== null) parts.push(`date=${state.date}`);
  return parts.length === 0 ? "" : `#${parts.join("&")}`;
}

/** Never fails: what cannot be read, or names what is not published, is as if it were left out. */
export function fromHash(hash: string, defaults: State, catalogue: Catalogue): State {
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at > 0) values.set(part.slice(0, at), part.slice(at + 1));
  }
  const ids = catalogue.collections.map((collection) => collection.id);
  const layers = values.get("layers")?.split(",");
  return {
    view: readView(values),
    layers: layers === undefined ? defaults.layers : ids.filter((id) => layers.includes(id)),
    opacity: { ...defaults.opacity, ...readOpacity(values.get("opacity"), ids) },
    base: catalogue.service.baseMaps.find((base) => base === values.get("base")) ?? defaults.base,
    point: readPoint(values.get("point")),
    feature: readFeature(values.get("feature"), ids),
    date: readDate(values.get("date")),
  };
}

function readView(values: ReadonlyMap<string, string>): View | null {
  const place = lonLat(values.get("lon"), values.get("lat"));
  const zoom = number(values.get("z"));
  if (place === null || zoom === null || zoom < 0 || zoom > 24) return null;
  return { ...place, zoom };
}

function readPoint(text: string | undefined): LonLat | null {
  const pieces = text?.split(",");
  return pieces?.length === 2 ? lonLat(pieces[0], pieces[1]) : null;
}

function readOpacity(text: string | undefined, ids: readonly string[]): Record<string, number> {
  const opacity: Record<string, number> = {};
  for (const piece of text?.split(",") ?? []) {
    const [id, value] = piece.split(":");
    const percent = number(value);
    if (id !== undefined && ids.includes(id) && percent !== null && percent >= 0 && percent <= 100)
      opacity[id] = Math.round(percent);
  }
  return opacity;
}

function readFeature(text: string | undefined, ids: readonly string[]): FeatureRef | null {
  const at = text?.indexOf("/") ?? -1;
  if (text === undefined || at < 1) return null;
  const collection = text.slice(0, at);
  try {
    const id = decodeURIComponent(text.slice(at + 1));
    return ids.includes(collection) && id !== "" ? { collection, id } : null;
  } catch {
    return null; // a link that was cut in the middle of an escape
  }
}

/** A real day as YYYY-MM-DD, else null. */
export function readDate(text: string | undefined): string | null {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text) ? text : null;
}

function lonLat(lonText: string | undefined, latText: string | undefined): LonLat | null {
  const lon = number(lonText);
  const lat = number(latText);
  return lon !== null && lat !== null && Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? { lon, lat } : null;
}

function number(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

export type Store = {
  get(): State;
  /** Replaces the named parts and tells every listener, if anything is different. */
  set(patch: Partial<State>): void;
  subscribe(listener: (state: State, before: State) => void): void;
};

export function createStore(initial: State): Store {
  let state = initial;
  const listeners: ((state: State, before: State) => void)[] = [];
  return {
    get: () => state,
    set(patch) {
      const before = state;
      const next = { ...state, ...patch };
      if ((Object.keys(patch) as (keyof State)[]).every((key) => next[key] === before[key])) return;
      state = next;
      for (const listener of listeners) listener(state, before);
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}
