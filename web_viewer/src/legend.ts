/** What the declared classes say about drawing (pure): class and label of a feature, colours that can be read. */

import type { Collection, LegendClass, Pattern } from "./model";

export type Properties = Readonly<Record<string, unknown>>;

/** What is drawn plainly: no class is declared, or not this one (the same as in the service's styles). */
const FALLBACK = "#4d4d4d";

/** Line dashes in line widths, by which each pattern is told from the others without its colour. */
export const DASHES: Readonly<Record<Pattern, readonly number[] | null>> = {
  none: null,
  hatch: [6, 2],
  cross: [3, 2],
  dots: [0.5, 2],
  dash: [4, 3],
};

/** The rows of the legend: the declared classes, or one row for the collection as a whole. */
export function legendRows(collection: Collection): readonly LegendClass[] {
  return collection.legend.length > 0 ? collection.legend : [plainClass(collection)];
}

function plainClass(collection: Collection): LegendClass {
  return { code: "", title: collection.title, short: "", colour: FALLBACK, pattern: "none" };
}

export function classFieldOf(collection: Collection): string | null {
  return collection.fields.find((field) => field.type === "class")?.name ?? null;
}

/** The class of a feature; a code that is not declared gets the plain drawing, never another class's colour. */
export function classOf(collection: Collection, properties: Properties): LegendClass {
  const field = classFieldOf(collection);
  if (field === null) return legendRows(collection)[0]!;
  const code = properties[field];
  const declared = collection.legend.find((item) => code !== undefined && code !== null && item.code === String(code));
  return declared ?? plainClass(collection);
}

/**
 * The declared label with its placeholders filled in. A placeholder is a published property; where none has that
 * name, `{short}`, `{title}` and `{code}` are those of the feature's class. Missing values are left out.
 */
export function labelOf(collection: Collection, properties: Properties): string {
  const published = new Set([...collection.fields.map((field) => field.name), `${classFieldOf(collection)}_name`]);
  const own = classOf(collection, properties);
  const text = collection.label.replace(/\{([a-z_][a-z0-9_]*)\}/g, (_, name: string) => {
    if (published.has(name)) return String(properties[name] ?? "");
    if (own.code === "") return "";
    const words: Readonly<Record<string, string>> = { short: own.short || own.title, title: own.title, code: own.code };
    return words[name] ?? "";
  });
  return text.split(/\s+/).filter(Boolean).join(" ");
}

/** What a swatch says in words, because colour alone never carries the meaning. */
export function markOf(item: LegendClass): string {
  const words = item.short || item.code;
  return words.length <= 6 && words !== item.title ? words : "";
}

/** Black or white, whichever can be read better on `colour` (#rrggbb): at least 4.5 : 1 for every colour. */
export function inkOn(colour: string): "#000000" | "#ffffff" {
  return contrast(colour, "#000000") >= contrast(colour, "#ffffff") ? "#000000" : "#ffffff";
}

/** Contrast ratio of two colours (WCAG 2.0, definition of contrast ratio). */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Red, green and blue, 0 to 255. */
export function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function withAlpha(colour: string, alpha: number): string {
  return `rgba(${channels(colour).join(", ")}, ${alpha})`;
}

/** The same hue, dark enough for an outline on white paper (3 : 1, WCAG 2.0 for graphics). */
export function outlineOf(colour: string): string {
  let current = channels(colour);
  let hex = colour;
  while (contrast(hex, "#ffffff") < 3) {
    current = current.map((value) => Math.floor(value * 0.9)) as [number, number, number];
    hex = `#${current.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  }
  return hex;
}
