/** Wires the rooms: state to map and panels, their events back to the state, the state to the URL. */

import "@digital-go-jp/design-tokens/dist/tokens.css";
import "ol/ol.css";
import "./seams";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/panels.css";
import { ApiError, fetchCatalogue, fetchFeature, identify, itemPath, search } from "./api";
import { h } from "./dom";
import { addressOf, carryOut, type Drawn } from "./exporting";
import * as format from "./format";
import { createMap, type MapRoom } from "./map";
import type { Catalogue, Identified, SearchResult } from "./model";
import { arranged } from "./order";
import { createBanner } from "./panels/banner";
import { createFooter } from "./panels/footer";
import { createInfoPanel } from "./panels/info";
import { createLayersPanel } from "./panels/layers";
import { createLocateButton } from "./panels/locate";
import { createSearchPanel } from "./panels/search";
import { createShell, type Shell } from "./shell";
import { createStore, defaultsFor, fromHash, type LonLat, type State, type Store, toHash } from "./state";
import { ja } from "./text/ja";

const SUGGESTIONS = 12;
const HIGHLIGHTS = 24;
const HIGHLIGHTS_A_LAYER = 3;
const URL_PAUSE_MS = 250;
const FOUND_RADIUS_M = 10;

async function start(): Promise<void> {
  const app = document.getElementById("app")!;
  app.replaceChildren(h("p", { class: "splash", role: "status" }, ja.loading));
  try {
    const catalogue = arranged(await fetchCatalogue());
    app.replaceChildren();
    run(app, catalogue);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const retry = h("button", { type: "button", class: "button" }, ja.retry);
    retry.addEventListener("click", () => void start());
    app.replaceChildren(h("div", { class: "splash", role: "alert" }, h("p", {}, ja.errors.start), h("p", {}, error.message), retry));
  }
}

function run(app: HTMLElement, catalogue: Catalogue): void {
  const { service } = catalogue;
  document.title = ja.title(service.name, service.title);
  const defaults = defaultsFor(catalogue);
  const store = createStore(fromHash(window.location.hash, defaults, catalogue));

  let drawn: Drawn | null = null;
  const info = createInfoPanel(catalogue);
  const layers = createLayersPanel(catalogue, {
    onToggle: (id, shown) => store.set({ layers: toggled(catalogue, store.get().layers, id, shown) }),
    onOpacity: (id, percent) => store.set({ opacity: { ...store.get().opacity, [id]: percent } }),
    onBase: (base) => store.set({ base }),
    onDate: (date) => store.set({ date }),
    onDraw: () => {
      layers.showDrawn((drawn = null));
      shell.drawing(true);
      map.startDrawing((area) => {
        layers.showDrawn((drawn = area));
        shell.drawing(false);
      });
    },
    onOrder: (order, report) => {
      const address = addressOf(order, store.get().date, map.viewBox(), drawn);
      if (address !== null) void carryOut(address, report);
    },
  });
  const banner = createBanner(service, () => store.set({ date: null }));
  const footer = createFooter(catalogue);
  const searchPanel = createSearchPanel({
    onQuery: (text) => void suggest(text),
    onChoose: (result) => choose(result),
  });
  const locate = createLocateButton({
    onMessage: (text) => shell.say(text),
    onLocated: ({ lon, lat, accuracyM }) => {
      map.showLocation({ lon, lat }, accuracyM);
      const accuracy = format.distance(Math.round(accuracyM));
      shell.say(insideBox(catalogue, { lon, lat }) ? ja.locate.found(accuracy) : ja.locate.outside(accuracy));
    },
  });
  const shell = createShell(app, {
    catalogue,
    parts: { search: searchPanel.element, banner: banner.element, layers: layers.element, info: info.element, locate, footer: footer.element },
    onZoom: (steps) => map.zoomBy(steps),
    onTown: () => store.set({ view: null }),
    onCentre: () => {
      store.set({ point: map.centre(), feature: null });
      shell.open("info", true);
    },
    onForget: () => store.set({ point: null, feature: null }),
    onShare: () => void share(store, shell, defaults),
    onDrawDone: () => map.finishDrawing(),
    onDrawStop: () => {
      map.stopDrawing();
      shell.drawing(false);
    },
  });
  const map: MapRoom = createMap(shell.mapElement, catalogue, {
    onPress: (place) => {
      store.set({ point: place, feature: null });
      shell.open("info", false);
    },
    onView: (view) => store.set({ view }),
  });
  const suggest = createSuggest(searchPanel);
  const ask = createAsk(catalogue, store, map, info);

  function choose(result: SearchResult): void {
    const place = { lon: result.lon, lat: result.lat };
    map.flyTo(place, result.bbox);
    store.set({ point: place, feature: { collection: result.collection, id: result.id } });
    shell.open("info", false);
  }

  store.subscribe((state, before) => {
    map.update(state, before);
    layers.update(state, map.zoom());
    banner.update(state);
    footer.update(state);
    if (state.point !== before.point || state.date !== before.date) void ask();
  });
  mirror(store, defaults, catalogue);
  const first = store.get();
  map.update(first, null);
  layers.update(first, map.zoom());
  banner.update(first);
  footer.update(first);
  if (first.point !== null) shell.open("info", false);
  void ask();
}

/** The layers with one switched, in the catalogue's order. */
function toggled(catalogue: Catalogue, shown: readonly string[], id: string, on: boolean): readonly string[] {
  const wanted = new Set(shown);
  if (on) wanted.add(id);
  else wanted.delete(id);
  return catalogue.collections.map((collection) => collection.id).filter((each) => wanted.has(each));
}

function insideBox(catalogue: Catalogue, { lon, lat }: LonLat): boolean {
  const box = catalogue.service.bbox;
  return box === null || (lon >= box.west && lon <= box.east && lat >= box.south && lat <= box.north);
}

/** State -> URL after a pause (browsers limit how often), URL -> state when somebody pastes a link or goes back. */
function mirror(store: Store, defaults: State, catalogue: Catalogue): void {
  let timer: number | undefined;
  store.subscribe((state) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      const hash = toHash(state, defaults);
      if (hash !== window.location.hash) window.history.replaceState(null, "", hash || window.location.pathname);
    }, URL_PAUSE_MS);
  });
  window.addEventListener("hashchange", () => {
    window.clearTimeout(timer);
    store.set(fromHash(window.location.hash, defaults, catalogue));
  });
}

async function share(store: Store, shell: Shell, defaults: State): Promise<void> {
  const link = window.location.href.split("#")[0]! + toHash(store.get(), defaults);
  try {
    await navigator.clipboard.writeText(link);
    shell.say(ja.share.done);
  } catch {
    shell.say(ja.share.failed);
  }
}

/** A new question cancels the one before, so that answers never arrive out of order. */
function latestOnly(): () => AbortSignal {
  let current: AbortController | null = null;
  return () => {
    current?.abort();
    current = new AbortController();
    return current.signal;
  };
}

function createSuggest(panel: ReturnType<typeof createSearchPanel>): (text: string) => Promise<void> {
  const next = latestOnly();
  return async (text) => {
    const signal = next();
    if (text === "") return;
    try {
      panel.show(text, await search(text, SUGGESTIONS, signal));
    } catch (error) {
      if (signal.aborted) return;
      panel.fail(error instanceof ApiError ? error.message : ja.errors.unreadable);
    }
  };
}

function createAsk(catalogue: Catalogue, store: Store, map: MapRoom, info: ReturnType<typeof createInfoPanel>): () => Promise<void> {
  const next = latestOnly();
  return async () => {
    const signal = next();
    const { point, date, feature: wanted } = store.get();
    map.highlight([]);
    if (point === null) return info.clear();
    info.load();
    // What a search found lies exactly there; a finger does not.
    const radiusM = wanted === null ? map.pressRadiusM() : FOUND_RADIUS_M;
    try {
      const answer = await identify({ ...point, radiusM, date }, signal);
      info.show(answer, { radiusM, date, feature: wanted });
      map.reveal(point);
      const features = await Promise.allSettled(hrefsOf(catalogue, answer, store.get()).map((href) => fetchFeature(href, signal)));
      if (signal.aborted) return;
      map.highlight(features.flatMap((feature) => (feature.status === "fulfilled" ? [feature.value] : [])));
    } catch (error) {
      if (signal.aborted) return;
      info.fail(error instanceof ApiError ? error.message : ja.errors.unreadable);
    }
  };
}

/** What to outline as found: what is shown, but not whole sheets nor the town itself, which contain every place. */
function hrefsOf(catalogue: Catalogue, answer: Identified, state: State): readonly string[] {
  const drawn = answer.layers.filter((layer) => {
    const role = catalogue.collections.find((collection) => collection.id === layer.collection)?.role;
    return state.layers.includes(layer.collection) && role !== "sheets" && role !== "boundary";
  });
  const hrefs = drawn.flatMap((layer) => layer.features.slice(0, HIGHLIGHTS_A_LAYER).map((feature) => feature.href)).filter((href) => href !== "");
  const { feature, date } = state;
  const wanted = feature === null ? [] : [itemPath(feature.collection, feature.id, date)];
  return [...new Set([...wanted, ...hrefs])].slice(0, HIGHLIGHTS);
}

void start();
