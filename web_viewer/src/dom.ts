/** Elements in one expression. Text is always set as text, never as markup. */

type Attributes = Readonly<Record<string, string | number | boolean | null>>;
export type Child = Node | string | null | false;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** A line icon on a 24 px grid; decoration only, so its button also says it in words. */
export function icon(...paths: readonly string[]): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", width: "24", height: "24", "aria-hidden": "true", class: "icon" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  for (const path of paths) {
    const element = document.createElementNS(SVG, "path");
    element.setAttribute("d", path);
    svg.append(element);
  }
  return svg;
}

export const ICONS = {
  plus: ["M12 5v14", "M5 12h14"],
  minus: ["M5 12h14"],
  town: ["M4 20V10l8-6 8 6v10z", "M10 20v-6h4v6"],
  locate: ["M12 3v4M12 17v4M3 12h4M17 12h4", "M12 7a5 5 0 1 0 0 10a5 5 0 0 0 0-10z"],
  search: ["M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14z", "M16.5 16.5L21 21"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  layers: ["M12 4l9 5-9 5-9-5z", "M3 14l9 5 9-5"],
  pin: ["M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.500C5 14.800 12 21 12 21z", "M12 7.500a2.200 2.200 0 1 0 0 4.400a2.200 2.200 0 0 0 0-4.400z"],
  link: ["M10 14a4 4 0 0 0 5.700 0l3.300-3.300a4 4 0 0 0-5.700-5.700L12 6.300", "M14 10a4 4 0 0 0-5.700 0L5 13.300a4 4 0 0 0 5.700 5.700l1.300-1.300"],
  download: ["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"],
  target: ["M12 3v5M12 16v5M3 12h5M16 12h5"],
} as const satisfies Record<string, readonly string[]>;
