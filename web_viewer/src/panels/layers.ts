/** 図面をえらぶ: base map, layers by theme with legend, opacity and downloads, and the day. */

import { h, icon, ICONS } from "../dom";
import { daysOf, downloadsOn, type Offered, shownOn, todayInJapan } from "../editions";
import type { Drawn, Order, Report } from "../exporting";
import { createExportPart } from "../exportform";
import * as format from "../format";
import { legendRows } from "../legend";
import type { BaseMap, Catalogue, Collection } from "../model";
import { readDate, type State } from "../state";
import { swatch } from "../swatch";
import { ja } from "../text/ja";

export type LayersEvents = {
  readonly onToggle: (id: string, shown: boolean) => void;
  readonly onOpacity: (id: string, percent: number) => void;
  readonly onBase: (base: BaseMap) => void;
  readonly onDate: (date: string | null) => void;
  readonly onDraw: () => void;
  readonly onOrder: (order: Order, report: (report: Report) => void) => void;
};

export type LayersPanel = {
  readonly element: HTMLElement;
  update(state: State, zoom: number): void;
  /** What was drawn on the map to be downloaded, for every layer the same. */
  showDrawn(drawn: Drawn | null): void;
};

/** One part of the panel: its element, and how it follows the state. */
type Part = {
  readonly element: HTMLElement;
  readonly update: (state: State, zoom: number) => void;
  readonly showDrawn?: (drawn: Drawn | null) => void;
};

export function createLayersPanel(catalogue: Catalogue, events: LayersEvents): LayersPanel {
  const scans = catalogue.collections.filter(isScan);
  const themes = new Map<string, Collection[]>();
  for (const collection of catalogue.collections.filter((item) => !isScan(item))) {
    const theme = collection.theme || ja.layers.otherTheme;
    themes.set(theme, [...(themes.get(theme) ?? []), collection]);
  }
  const parts = [
    ...[...themes].map(([theme, collections]) => themePart(catalogue, theme, collections, events)),
    basePart(catalogue, scans, events),
    datePart(catalogue, events),
    newsPart(),
  ];
  return {
    element: h("div", { class: "layers" }, ...parts.map((part) => part.element)),
    update(state, zoom) {
      for (const part of parts) part.update(state, zoom);
    },
    showDrawn(drawn) {
      for (const part of parts) part.showDrawn?.(drawn);
    },
  };
}

function isScan(collection: Collection): boolean {
  return collection.role === "sheets" && collection.tiles.kind === "image";
}

function themePart(catalogue: Catalogue, theme: string, collections: readonly Collection[], events: LayersEvents): Part {
  const rows = collections.map((collection) => layerPart(catalogue, collection, events));
  return {
    element: h("fieldset", { class: "theme" }, h("legend", {}, theme), ...rows.map((row) => row.element)),
    update: (state, zoom) => rows.forEach((row) => row.update(state, zoom)),
    showDrawn: (drawn) => rows.forEach((row) => row.showDrawn?.(drawn)),
  };
}

function layerPart(catalogue: Catalogue, collection: Collection, events: LayersEvents): Part {
  const { id, title } = collection;
  const drawable = collection.tiles.kind !== "none";
  const box = h("input", { type: "checkbox", id: `layer-${id}`, disabled: !drawable });
  box.addEventListener("change", () => events.onToggle(id, box.checked));
  const hint = h("p", { class: "layer-hint", id: `layer-hint-${id}` });
  box.setAttribute("aria-describedby", hint.id);
  const badge = { 案: ja.layers.draft, 廃止: ja.layers.repealed }[collection.status];
  const slider = opacityPart(collection, events);
  const files = downloadsPart(collection);
  const part = collection.exports.length > 0 ? createExportPart(catalogue, collection, events) : null;
  const details = h(
    "details",
    { class: "layer-details" },
    h("summary", { "aria-label": ja.layers.details(title) }, isScan(collection) ? ja.layers.detailsScan : ja.layers.detailsShort),
    isScan(collection) || collection.geometry === "none" ? null : legendList(collection),
    drawable ? slider.element : null,
    files.element,
    part?.element ?? null,
    comparable(collection) ? h("p", {}, h("a", { class: "changes", href: `/api/collections/${id}/changes?f=html` }, ja.layers.changes)) : null,
  );
  return {
    showDrawn: (drawn) => part?.showDrawn(drawn),
    element: h(
      "div",
      { class: "layer", "data-collection": id },
      h("label", { class: "layer-name", for: box.id }, box, h("span", {}, title), badge === undefined ? null : h("span", { class: "badge warn" }, badge)),
      hint,
      details,
    ),
    update(state, zoom) {
      box.checked = state.layers.includes(id);
      slider.update(state, zoom);
      files.update(state, zoom);
      const text = hintFor(collection, state, zoom);
      if (hint.textContent !== text) hint.textContent = text;
      hint.hidden = text === "";
    },
  };
}

/** There are two editions to compare. */
function comparable(collection: Collection): boolean {
  return collection.edition !== null && collection.editions.filter((edition) => edition.state === "live").length > 1;
}

/** Why a layer that is ticked is not seen: it must never look like 該当なし. */
function hintFor(collection: Collection, state: State, zoom: number): string {
  const shown = shownOn(collection, state.date);
  if (shown.kind === "none") return ja.layers.nodata;
  if (shown.kind === "withdrawn") return ja.layers.withdrawn(shown.reason);
  if (collection.tiles.kind === "none") return ja.layers.noDrawing;
  const edition = ja.edition.of(format.day(shown.takesEffect));
  const tooFar = state.layers.includes(collection.id) && zoom > 0 && zoom <= collection.zooms[0] - 1;
  return tooFar ? `${ja.layers.zoomIn}・${edition}` : edition;
}

function legendList(collection: Collection): HTMLElement {
  const rows = legendRows(collection).map((own) => h("li", {}, swatch(collection, own), h("span", {}, own.title)));
  return h("ul", { class: "legend", "aria-label": `${collection.title} ${ja.layers.legend}` }, ...rows);
}

function opacityPart(collection: Collection, events: LayersEvents): Part {
  const input = h("input", { type: "range", min: 0, max: 100, step: 5, id: `opacity-${collection.id}` });
  const output = h("output", { for: input.id });
  input.addEventListener("input", () => events.onOpacity(collection.id, Number(input.value)));
  const name = h("label", { for: input.id }, ja.layers.opacity);
  input.setAttribute("aria-label", `${collection.title} ${ja.layers.opacity}`);
  return {
    element: h("div", { class: "opacity" }, name, input, output),
    update(state) {
      const percent = state.opacity[collection.id] ?? 100;
      if (Number(input.value) !== percent) input.value = String(percent);
      output.textContent = ja.layers.percent(percent);
      input.setAttribute("aria-valuetext", ja.layers.percent(percent));
    },
  };
}

/** The files of the day that is shown: what is taken home must be what was on the map. */
function downloadsPart(collection: Collection): Part {
  const element = h("div", { class: "downloads" });
  let drawnFor: string | null | undefined;
  return {
    element,
    update({ date }) {
      if (date === drawnFor) return;
      drawnFor = date;
      element.replaceChildren(h("p", { class: "downloads-heading" }, ja.layers.downloads), ...downloads(collection, date));
    },
  };
}

function downloads(collection: Collection, date: string | null): readonly HTMLElement[] {
  if (collection.permission === "") return [h("p", {}, ja.layers.viewOnly)];
  const licence = [collection.permission, collection.licence].filter(Boolean).join(" ");
  const along = [collection.attribution, ...collection.notices].filter(Boolean).join(" ／ ");
  const terms = h(
    "div",
    { class: "downloads-licence" },
    h("p", {}, `${ja.layers.licence}: ${licence}`),
    along === "" ? null : h("p", {}, `${ja.layers.comesAlong}: ${along}`),
  );
  const links = downloadsOn(collection, date).map((file) => downloadLink(collection, file));
  return links.length === 0 ? [h("p", {}, ja.layers.noFiles), terms] : [h("ul", {}, ...links), terms];
}

function downloadLink(collection: Collection, file: Offered): HTMLElement {
  const { name, hint } = format.fileFormat(file.href, file.title);
  const sheet = isScan(collection) ? /([^/]+)\.tif$/.exec(file.href)?.[1] : undefined;
  const facts = [hint, file.size === null ? "" : format.size(file.size)].filter(Boolean).join(" ・ ");
  const words = h("span", {}, h("strong", {}, sheet === undefined ? name : `${sheet} ${name}`), h("small", {}, facts));
  return h("li", {}, h("a", { class: "download", href: file.href, download: true }, icon(...ICONS.download), words));
}

function basePart(catalogue: Catalogue, scans: readonly Collection[], events: LayersEvents): Part {
  const offered = catalogue.service.baseMaps.filter((base) => base !== "scan" || scans.length > 0);
  const sheets = scans.map((collection) => layerPart(catalogue, collection, events));
  const sheetBox = h("div", { class: "base-sheets" }, ...sheets.map((sheet) => sheet.element));
  const radios = offered.map((base) => {
    const input = h("input", { type: "radio", name: "base", value: base, id: `base-${base}` });
    input.addEventListener("change", () => events.onBase(base));
    const row = h("label", { class: "layer-name", for: input.id }, input, h("span", {}, ja.layers.bases[base]));
    return { base, input, element: h("div", { class: "layer" }, row, base === "scan" ? sheetBox : null) };
  });
  return {
    element: h("fieldset", { class: "theme" }, h("legend", {}, ja.layers.base), ...radios.map((radio) => radio.element)),
    update(state, zoom) {
      for (const radio of radios) radio.input.checked = radio.base === state.base;
      sheetBox.hidden = state.base !== "scan";
      for (const sheet of sheets) sheet.update(state, zoom);
    },
    showDrawn: (drawn) => sheets.forEach((sheet) => sheet.showDrawn?.(drawn)),
  };
}

/** A day of one's own, or one of the days on which an edition took or will take effect. */
function datePart(catalogue: Catalogue, events: LayersEvents): Part {
  const input = h("input", { type: "date", id: "as-of", "aria-describedby": "as-of-help" });
  const today = h("button", { type: "button", class: "button" }, ja.layers.today);
  const now = todayInJapan();
  const days = daysOf(catalogue.collections);
  const options = days.map((day) => h("option", { value: day }, ja.layers.editionDay(format.day(day), day > now)));
  const other = h("option", { value: "other", hidden: true, disabled: true }, ja.layers.otherDay);
  const list = h("select", { id: "as-of-edition" }, h("option", { value: "" }, ja.layers.editionsNow), ...options, other);
  list.addEventListener("change", () => events.onDate(readDate(list.value)));
  input.addEventListener("change", () => events.onDate(readDate(input.value)));
  today.addEventListener("click", () => events.onDate(null));
  return {
    element: h(
      "fieldset",
      { class: "theme" },
      h("legend", {}, ja.layers.date),
      h("p", { id: "as-of-help" }, ja.layers.dateHelp),
      h("div", { class: "as-of" }, h("label", { for: list.id }, ja.layers.editions), list),
      h("div", { class: "as-of" }, h("label", { for: input.id }, ja.layers.dateLabel), input, today),
    ),
    update(state) {
      if (document.activeElement !== input || state.date === null) input.value = state.date ?? "";
      today.disabled = state.date === null;
      list.value = state.date === null ? "" : days.includes(state.date) ? state.date : other.value;
    },
  };
}

/** Pages without a script: what changed, and a feed that tells of what comes. */
function newsPart(): Part {
  const link = (text: string, href: string): HTMLElement => h("li", {}, h("a", { href }, text));
  const links = [link(ja.layers.newsPage, "/api/changes?f=html"), link(ja.layers.feed, "/api/changes?f=atom"), link(ja.layers.list, "/list")];
  return {
    element: h("fieldset", { class: "theme news" }, h("legend", {}, ja.layers.news), h("ul", {}, ...links)),
    update: () => undefined,
  };
}
