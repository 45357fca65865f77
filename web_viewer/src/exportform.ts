/** 範囲・形式をえらんでダウンロード: a part of one map in a format of its choice, with progress and in plain words what went wrong. */

import { h } from "./dom";
import type { Drawn, Order, Region, Report } from "./exporting";
import * as format from "./format";
import type { Catalogue, Collection, Export } from "./model";
import { ja } from "./text/ja";

export type ExportEvents = {
  /** Somebody wants to draw the region on the map. */
  readonly onDraw: () => void;
  /** The order, and where to tell how it goes. */
  readonly onOrder: (order: Order, report: (report: Report) => void) => void;
};

export type ExportPart = { readonly element: HTMLElement; showDrawn(drawn: Drawn | null): void };

const WORDS = ja.exports;
const KINDS: readonly Region["kind"][] = ["whole", "view", "drawn", "sheet", "route"];
const BUFFER_M = 20;

/** Empty until it is unfolded: most visitors never ask for it. */
export function createExportPart(catalogue: Catalogue, collection: Collection, events: ExportEvents): ExportPart {
  const element = h("details", { class: "export" }, h("summary", {}, WORDS.heading));
  let form: ReturnType<typeof createForm> | null = null;
  let drawn: Drawn | null = null;
  element.addEventListener("toggle", () => {
    if (!element.open || form !== null) return;
    form = createForm(catalogue, collection, events);
    form.showDrawn(drawn);
    element.append(form.element);
  });
  return {
    element,
    showDrawn(next) {
      drawn = next;
      form?.showDrawn(next);
    },
  };
}

function createForm(catalogue: Catalogue, collection: Collection, events: ExportEvents): ExportPart {
  const id = (name: string): string => `export-${collection.id}-${name}`;
  const kinds = collection.geometry === "none" ? KINDS.slice(0, 1) : KINDS;
  const region = h("select", { id: id("region") }, ...kinds.map((kind) => h("option", { value: kind }, WORDS.regions[kind])));
  const choices = choicesOf(collection);
  const kind = h("select", { id: id("format") }, ...choices.map((choice, index) => h("option", { value: index }, choice.name)));
  const hint = h("p", { class: "export-hint" });
  const draw = h("button", { type: "button", class: "button" }, WORDS.draw);
  const drawnText = h("span");
  const drawRow = h("p", { class: "export-drawn" }, draw, drawnText);
  const sheet = h("input", { type: "text", id: id("sheet"), autocomplete: "off", placeholder: WORDS.sheetExample });
  const sheetRow = field(sheet, WORDS.sheet);
  const route = h("input", { type: "text", id: id("route"), inputmode: "numeric", autocomplete: "off" });
  const buffer = h("input", { type: "number", id: id("buffer"), min: 1, max: catalogue.limits.bufferM, value: BUFFER_M });
  const routeRow = h("div", { class: "export-route" }, field(route, WORDS.route), field(buffer, WORDS.buffer));
  const cut = h("input", { type: "checkbox", id: id("cut") });
  const cutRow = h("label", { class: "layer-name", for: cut.id }, cut, h("span", {}, WORDS.cut));
  const submit = h("button", { type: "submit", class: "button primary" }, WORDS.submit);
  const outcome = h("div", { class: "export-outcome", role: "status" });
  const element = h(
    "form",
    { class: "export-form", novalidate: true },
    field(region, WORDS.region),
    drawRow,
    sheetRow,
    routeRow,
    cutRow,
    field(kind, WORDS.format),
    hint,
    submit,
    outcome,
    h("p", { class: "export-limits" }, WORDS.limits(catalogue.limits.features.toLocaleString("ja-JP"), catalogue.limits.areaKm2.toLocaleString("ja-JP"))),
  );
  let drawn: Drawn | null = null;

  function follow(): void {
    drawRow.hidden = region.value !== "drawn";
    sheetRow.hidden = region.value !== "sheet";
    routeRow.hidden = region.value !== "route";
    cutRow.hidden = region.value === "whole";
    drawnText.textContent = drawn === null ? WORDS.notDrawn : WORDS.drawn(format.area(drawn.areaM2));
    draw.textContent = drawn === null ? WORDS.draw : WORDS.drawAgain;
    hint.textContent = choices[Number(kind.value)]?.hint ?? "";
  }

  function regionOf(): Region | string {
    const value = region.value as Region["kind"];
    if (value === "drawn" && drawn === null) return WORDS.notDrawn;
    if (value === "sheet") return sheet.value.trim() === "" ? WORDS.sheetMissing : { kind: "sheet", sheet: sheet.value.trim().normalize("NFKC").toUpperCase() };
    if (value !== "route") return { kind: value };
    if (route.value.trim() === "") return WORDS.routeMissing;
    return { kind: "route", route: route.value.trim().normalize("NFKC"), bufferM: Number(buffer.value) || BUFFER_M };
  }

  function show(report: Report): void {
    submit.disabled = report.kind === "working";
    outcome.replaceChildren(...told(report));
    if (report.kind === "done") outcome.querySelector("a")!.click();
  }

  for (const control of [region, kind]) control.addEventListener("change", follow);
  draw.addEventListener("click", events.onDraw);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = choices[Number(kind.value)];
    const wanted = regionOf();
    if (typeof wanted === "string") return show({ kind: "failed", reason: wanted });
    if (chosen === undefined) return;
    events.onOrder({ format: chosen.format, cp932: chosen.cp932, region: wanted, cut: cut.checked }, show);
  });
  follow();
  return {
    element,
    showDrawn(next) {
      drawn = next;
      follow();
    },
  };
}

function field(input: HTMLElement, text: string): HTMLElement {
  return h("div", { class: "export-field" }, h("label", { for: input.id }, text), input);
}

type Choice = { readonly name: string; readonly hint: string; readonly format: Export; readonly cp932: boolean };

/** Every format the service writes, a Shapefile also in the code of older programs. */
function choicesOf(collection: Collection): readonly Choice[] {
  return collection.exports.flatMap((each) => {
    const { hint } = format.fileFormat(each.url, each.title);
    const notes = [hint, each.title.includes(WORDS.experimentalMark) ? WORDS.experimental : ""].filter(Boolean).join("。");
    const choice = { name: each.title, hint: notes, format: each, cp932: false };
    const older = { ...choice, name: WORDS.olderShapefile, hint: WORDS.olderShapefileHint, cp932: true };
    return each.url.endsWith(".shp.zip") ? [choice, older] : [choice];
  });
}

function told(report: Report): readonly Node[] {
  if (report.kind === "failed") return [h("p", { class: "export-failed" }, report.reason)];
  if (report.kind === "done") {
    const link = h("a", { class: "download", href: report.href, download: report.name || true }, h("span", {}, h("strong", {}, WORDS.done), h("small", {}, report.name)));
    return [link];
  }
  const bar = h("progress", { max: 100, "aria-label": WORDS.working });
  if (report.percent !== null) bar.value = report.percent;
  return [h("p", {}, report.percent === null ? WORDS.working : WORDS.workingPercent(report.percent)), bar];
}
