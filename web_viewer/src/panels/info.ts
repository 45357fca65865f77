/** この地点の情報: what every layer says at one place. 該当なし, データ無し and 町域外 are different answers. */

import { h } from "../dom";
import * as format from "../format";
import type { Catalogue, Contact, Identified, IdentifiedFeature, IdentifiedLayer } from "../model";
import { ja } from "../text/ja";

/** Features of one layer that are shown unfolded. */
const AT_ONCE = 3;

/** The question: within which distance, for which day, and which feature was searched for. */
export type Asked = {
  readonly radiusM: number;
  readonly date: string | null;
  readonly feature: { readonly collection: string; readonly id: string } | null;
};

export type InfoPanel = {
  readonly element: HTMLElement;
  clear(): void;
  load(): void;
  show(answer: Identified, asked: Asked): void;
  fail(reason: string): void;
};

export function createInfoPanel(catalogue: Catalogue): InfoPanel {
  const status = h("p", { class: "info-status", role: "status" });
  const body = h("div", { class: "info-body" });
  const element = h("div", { class: "info" }, status, body);
  const say = (text: string): void => {
    status.textContent = text;
  };
  return {
    element,
    clear() {
      say(ja.info.empty);
      body.replaceChildren();
    },
    load() {
      say(ja.info.loading);
      body.replaceChildren();
    },
    show(answer, asked) {
      const found = answer.layers.filter((layer) => layer.state === "found").length;
      say(answer.insideTown === false ? ja.info.outside : ja.info.done(found));
      body.replaceChildren(...content(catalogue, answer, asked));
    },
    fail(reason) {
      say(ja.info.failed(reason));
      body.replaceChildren();
    },
  };
}

function* content(catalogue: Catalogue, answer: Identified, asked: Asked): Generator<Node> {
  const { service } = catalogue;
  if (answer.insideTown === false) yield h("p", { class: "notice" }, ja.info.outsideText(service.name));
  for (const [theme, layers] of byTheme(wantedFirst(inOrder(catalogue, answer.layers), asked.feature))) {
    yield h("h2", { class: "info-theme" }, theme);
    for (const layer of layers) yield layerCard(catalogue, layer, answer.insideTown === false);
  }
  yield placeCard(answer, service.crs, asked);
  if (service.contacts.length > 0) yield contacts(service.contacts);
}

/** The order of the catalogue, as on every other screen. */
function inOrder(catalogue: Catalogue, layers: readonly IdentifiedLayer[]): readonly IdentifiedLayer[] {
  const ids = catalogue.collections.map((collection) => collection.id);
  return [...layers].sort((a, b) => ids.indexOf(a.collection) - ids.indexOf(b.collection));
}

/** What was searched for leads: its layer, and within it the feature itself. */
function wantedFirst(layers: readonly IdentifiedLayer[], wanted: Asked["feature"]): readonly IdentifiedLayer[] {
  const at = layers.findIndex((layer) => layer.collection === wanted?.collection && layer.state === "found");
  const layer = layers[at];
  if (layer === undefined) return layers;
  const features = [...layer.features].sort((a, b) => Number(b.id === wanted?.id) - Number(a.id === wanted?.id));
  return [{ ...layer, features }, ...layers.filter((_, index) => index !== at)];
}

/** What applies comes first within its theme. */
function byTheme(layers: readonly IdentifiedLayer[]): Map<string, IdentifiedLayer[]> {
  const themes = new Map<string, IdentifiedLayer[]>();
  const rank = { found: 0, none: 1, nodata: 2 } as const;
  for (const layer of [...layers].sort((a, b) => rank[a.state] - rank[b.state])) {
    const theme = layer.theme || ja.layers.otherTheme;
    themes.set(theme, [...(themes.get(theme) ?? []), layer]);
  }
  return themes;
}

function layerCard(catalogue: Catalogue, layer: IdentifiedLayer, outside: boolean): HTMLElement {
  const collection = catalogue.collections.find((item) => item.id === layer.collection);
  const dates = new Set(collection?.fields.filter((field) => field.type === "date").map((field) => field.name));
  const state = { found: ja.info.found, none: outside ? ja.info.outside : ja.info.none, nodata: ja.info.nodata }[layer.state];
  const nodata = layer.withdrawn === "" ? ja.info.nodataText : ja.info.withdrawnText(layer.withdrawn);
  const text = { found: null, none: outside ? null : ja.info.noneText, nodata }[layer.state];
  return h(
    "section",
    { class: `card ${layer.state}`, "data-collection": layer.collection, "data-state": layer.state },
    h("h3", {}, h("span", {}, layer.title), h("span", { class: `badge ${layer.state}` }, state)),
    text === null ? null : h("p", {}, text),
    ...layer.features.slice(0, AT_ONCE).map((feature) => featureTable(feature, dates)),
    more(layer.features.slice(AT_ONCE), dates),
    layer.state === "nodata" && layer.edition === null ? null : sources(layer),
  );
}

function more(features: readonly IdentifiedFeature[], dates: ReadonlySet<string>): HTMLElement | null {
  if (features.length === 0) return null;
  const tables = features.map((feature) => featureTable(feature, dates));
  return h("details", { class: "more" }, h("summary", {}, ja.info.more(features.length)), ...tables);
}

function featureTable(feature: IdentifiedFeature, dates: ReadonlySet<string>): HTMLElement {
  const rows = feature.labelled.flatMap((item) => [
    h("dt", {}, item.title || item.name),
    h("dd", {}, format.value(item.value, item.unit, dates.has(item.name))),
  ]);
  const near = feature.distanceM > 0 ? h("p", { class: "near" }, ja.info.at(format.distance(feature.distanceM))) : null;
  return h("div", { class: "feature", "data-feature": feature.id }, near, h("dl", {}, ...rows));
}

/** Which edition this is, who decides, by which law, how exact, from where. */
function sources(layer: IdentifiedLayer): HTMLElement {
  const facts: readonly (readonly [string, string])[] = [
    [ja.info.edition, layer.edition === null ? "" : format.edition(layer.edition)],
    [ja.info.authority, layer.authority],
    [ja.info.legalBasis, layer.legalBasis],
    [ja.info.accuracy, ja.info.accuracyValue(layer.mapLevel, layer.accuracyM)],
    [ja.info.source, layer.attribution],
    [ja.info.notice, layer.notices.join(" ")],
  ];
  const rows = facts.filter(([, text]) => text !== "").flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]);
  return h("dl", { class: "sources" }, ...rows);
}

function placeCard(answer: Identified, crs: string, asked: Asked): HTMLElement {
  const lonLat = ja.info.lonLatValue(format.degrees(answer.lat), format.degrees(answer.lon));
  const plane = ja.info.planeValue(format.metres(answer.northingM), format.metres(answer.eastingM));
  return h(
    "section",
    { class: "card place" },
    h("h3", {}, ja.info.place),
    h("dl", { class: "sources" }, h("dt", {}, ja.info.lonLat), h("dd", {}, lonLat), h("dt", {}, format.frame(crs)), h("dd", {}, plane)),
    h("p", {}, ja.info.radius(format.distance(asked.radiusM))),
    asked.date === null ? null : h("p", {}, ja.info.asOf(format.day(asked.date))),
  );
}

function contacts(all: readonly Contact[]): HTMLElement {
  const rows = all.flatMap((contact) => [
    h("dt", {}, contact.theme),
    h(
      "dd",
      {},
      contact.url === "" ? contact.office : h("a", { href: contact.url }, contact.office),
      contact.phone === "" ? null : " ",
      contact.phone === "" ? null : h("a", { class: "phone", href: `tel:${contact.phone.replace(/[^\d+]/g, "")}` }, contact.phone),
    ),
  ]);
  return h("section", { class: "card place" }, h("h3", {}, ja.info.contacts), h("dl", { class: "sources" }, ...rows));
}
