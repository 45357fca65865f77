/** The frame of the page: header, notices, map with its buttons, the two views of the side panel, footer. */

import { h, icon, ICONS } from "./dom";
import type { Catalogue } from "./model";
import { ja } from "./text/ja";

export type PanelName = "layers" | "info";

export type ShellOptions = {
  readonly catalogue: Catalogue;
  readonly parts: {
    readonly search: HTMLElement;
    readonly banner: HTMLElement;
    readonly layers: HTMLElement;
    readonly info: HTMLElement;
    readonly locate: HTMLElement;
    readonly footer: HTMLElement;
  };
  readonly onZoom: (steps: number) => void;
  readonly onTown: () => void;
  readonly onCentre: () => void;
  readonly onForget: () => void;
  readonly onShare: () => void;
  readonly onDrawDone: () => void;
  readonly onDrawStop: () => void;
};

export type Shell = {
  readonly mapElement: HTMLElement;
  open(panel: PanelName, focus: boolean): void;
  /** A short message over the map; also read out. */
  say(text: string): void;
  /** While an area is drawn: what to do and the two ways to end, and the map free of the sheet on a phone. */
  drawing(on: boolean): void;
};

const MESSAGE_MS = 9000;
const PHONE = "(max-width: 767px)";

export function createShell(app: HTMLElement, options: ShellOptions): Shell {
  const { parts, catalogue } = options;
  const tabs = { layers: tab("layers", ICONS.layers), info: tab("info", ICONS.pin) };
  const panels = { layers: panel("layers", parts.layers), info: panel("info", parts.info) };
  const size = h("button", { type: "button", class: "button small sheet-size" }, ja.tabs.larger);
  const close = h("button", { type: "button", class: "button small sheet-close" }, icon(...ICONS.close), h("span", {}, ja.tabs.close));
  const sheetBar = h("div", { class: "sheet-bar" }, size, close);
  const side = h("aside", { class: "side", "aria-label": ja.tabs.label }, sheetBar, panels.layers, panels.info);
  const mapElement = h("div", { class: "map", id: "map", tabindex: 0, role: "application", "aria-label": ja.map.label });
  const message = h("p", { class: "message", role: "status", hidden: true });
  const drawBar = createDrawBar(options);
  const mapArea = h("main", { class: "map-area" }, mapElement, h("div", { class: "crosshair", "aria-hidden": true }), controls(options), drawBar, message);

  app.append(
    skipLinks(),
    header(catalogue, parts.search, options.onShare),
    parts.banner,
    h("nav", { class: "tabs", "aria-label": ja.tabs.label }, h("div", { role: "tablist" }, tabs.layers, tabs.info)),
    side,
    mapArea,
    parts.footer,
  );

  let current: PanelName | null = null;
  let timer: number | undefined;

  function show(name: PanelName | null): void {
    current = name;
    app.dataset["panel"] = name ?? "none";
    for (const each of ["layers", "info"] as const) {
      tabs[each].setAttribute("aria-selected", String(each === name));
      tabs[each].tabIndex = each === (name ?? "layers") ? 0 : -1;
      panels[each].hidden = each !== name;
    }
    if (name === null) resize(false);
  }

  function resize(large: boolean): void {
    app.classList.toggle("large-sheet", large);
    size.textContent = large ? ja.tabs.smaller : ja.tabs.larger;
  }

  function leave(): void {
    const was = current;
    show(window.matchMedia(PHONE).matches ? null : "layers");
    if (was === "info") options.onForget();
    mapElement.focus({ preventScroll: true });
  }

  for (const name of ["layers", "info"] as const) {
    tabs[name].addEventListener("click", () => {
      const phone = window.matchMedia(PHONE).matches;
      show(phone && current === name ? null : name);
    });
    tabs[name].addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = name === "layers" ? "info" : "layers";
      show(other);
      tabs[other].focus();
    });
  }
  size.addEventListener("click", () => resize(!app.classList.contains("large-sheet")));
  close.addEventListener("click", leave);
  side.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });
  mapElement.addEventListener("keydown", (event) => {
    if (!drawBar.hidden) {
      if (event.key === "Escape") options.onDrawStop();
      return;
    }
    if (event.key === "Enter" && event.target === mapElement) options.onCentre();
    if (event.key === "Escape" && current === "info") leave();
  });
  show(window.matchMedia(PHONE).matches ? null : "layers");

  return {
    mapElement,
    open(name, focus) {
      show(name);
      panels[name].scrollTop = 0;
      side.scrollTop = 0;
      if (focus) panels[name].focus({ preventScroll: true });
    },
    drawing(on) {
      drawBar.hidden = !on;
      message.hidden = true;
      if (on) {
        if (window.matchMedia(PHONE).matches) show(null);
        mapElement.focus({ preventScroll: true });
      } else show("layers");
    },
    say(text) {
      window.clearTimeout(timer);
      message.textContent = text;
      message.hidden = false;
      timer = window.setTimeout(() => (message.hidden = true), MESSAGE_MS);
    },
  };
}

function createDrawBar(options: ShellOptions): HTMLElement {
  const done = h("button", { type: "button", class: "button" }, ja.exports.drawDone);
  const stop = h("button", { type: "button", class: "button" }, ja.exports.drawStop);
  done.addEventListener("click", options.onDrawDone);
  stop.addEventListener("click", options.onDrawStop);
  return h("div", { class: "draw-bar", role: "group", "aria-label": ja.exports.draw, hidden: true }, h("p", { role: "status" }, ja.exports.drawing), done, stop);
}

function tab(name: PanelName, paths: readonly string[]): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "tab", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "aria-selected": "false" },
    icon(...paths),
    h("span", {}, ja.tabs[name]),
  );
}

function panel(name: PanelName, content: HTMLElement): HTMLElement {
  return h("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: -1 }, content);
}

function header({ service }: Catalogue, searchBox: HTMLElement, onShare: () => void): HTMLElement {
  const share = h("button", { type: "button", class: "button share" }, icon(...ICONS.link), h("span", {}, ja.share.button));
  share.addEventListener("click", onShare);
  return h("header", { class: "header" }, h("h1", {}, ja.title(service.name, service.title)), searchBox, share);
}

function controls(options: ShellOptions): HTMLElement {
  const button = (text: string, paths: readonly string[], onClick: () => void): HTMLButtonElement => {
    const element = h("button", { type: "button", class: "map-button" }, icon(...paths), h("span", {}, text));
    element.addEventListener("click", onClick);
    return element;
  };
  return h(
    "div",
    { class: "map-controls", role: "group", "aria-label": ja.map.controls },
    h("div", { class: "map-zoom" }, button(ja.map.zoomIn, ICONS.plus, () => options.onZoom(1)), button(ja.map.zoomOut, ICONS.minus, () => options.onZoom(-1))),
    button(ja.map.town, ICONS.town, options.onTown),
    options.parts.locate,
    button(ja.map.centre, ICONS.target, options.onCentre),
  );
}

function skipLinks(): HTMLElement {
  const link = (target: string, text: string): HTMLAnchorElement => {
    const anchor = h("a", { href: `#${target}` }, text);
    anchor.addEventListener("click", (event) => {
      event.preventDefault(); // the part after "#" is the state of the map
      document.getElementById(target)?.focus();
    });
    return anchor;
  };
  return h("nav", { class: "skip" }, link("search", ja.skip.search), link("tab-layers", ja.skip.layers), link("map", ja.skip.map));
}
