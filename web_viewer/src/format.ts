/** Values as people here read them (pure). */

import { ja } from "./text/ja";

/** "2026-04-01" -> "2026年4月1日（令和8年）"; "2026-04" and "2026" as far as they go; else unchanged. */
export function day(text: string): string {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:\.\d+)?$/.exec(text);
  if (match === null) return text;
  const [, year, month, date] = match;
  const western = `${year}年${month ? `${Number(month)}月` : ""}${date ? `${Number(date)}日` : ""}`;
  const era = eraOf(Number(year), Number(month ?? 12), Number(date ?? 31));
  return era === "" ? western : `${western}（${era}）`;
}

/** The era and its year on a day; eras begin within a year, so month and day matter. */
function eraOf(year: number, month: number, date: number): string {
  const stamp = year * 10000 + month * 100 + date;
  const eras: readonly [number, string, number][] = [
    [20190501, "令和", 2019],
    [19890108, "平成", 1989],
    [19261225, "昭和", 1926],
    [19120730, "大正", 1912],
    [18730101, "明治", 1868],
  ];
  const era = eras.find(([from]) => stamp >= from);
  if (era === undefined) return "";
  const count = year - era[2] + 1;
  return `${era[1]}${count === 1 ? "元" : count}年`;
}

/** "2026-04-01.2" -> "2026年4月1日（令和8年）の版・訂正2". */
export function edition(id: string): string {
  const correction = id.length > 10 ? ja.edition.correction(Number(id.slice(11))) : "";
  return `${ja.edition.of(day(id.slice(0, 10)))}${correction}`;
}

/** Bytes as kB or MB of 1000, as operating systems show them. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 100_000_000 ? 1 : 0)} MB`;
}

/** Metres to the decimetre, from 1 km in kilometres. */
export function distance(metres: number): string {
  return metres < 1000 ? `${round(metres, 1)} m` : `${round(metres / 1000, 1)} km`;
}

/** Plane coordinate in metres with separators; one decimal, which is already finer than the map. */
export function metres(value: number): string {
  return value.toLocaleString("ja-JP", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** Square metres as m², from a tenth of a square kilometre on as km². */
export function area(squareMetres: number): string {
  return squareMetres < 100_000 ? `${round(squareMetres, 0)} m²` : `${round(squareMetres / 1e6, 2)} km²`;
}

export function degrees(value: number): string {
  return value.toFixed(6);
}

/** A value with its unit; an absent value is said outright, never an empty cell. */
export function value(raw: string | number | boolean | null, unit: string, isDate: boolean): string {
  if (raw === null || raw === "") return ja.info.noValue;
  if (typeof raw === "boolean") return raw ? ja.info.yes : ja.info.no;
  if (typeof raw === "string" && isDate) return day(raw);
  return unit === "" ? String(raw) : `${raw} ${unit}`;
}

/** The frame's name: 平面直角座標系 with its zone for JGD2011 (EPSG:6669-6687) and JGD2000 (EPSG:2443-2461). */
export function frame(crs: string): string {
  const code = Number(/^EPSG:(\d+)$/.exec(crs)?.[1]);
  const zone = code >= 6669 && code <= 6687 ? code - 6668 : code >= 2443 && code <= 2461 ? code - 2442 : null;
  return zone === null ? crs : ja.frame(ROMAN[zone - 1]!, zone);
}

// prettier-ignore
const ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX"];

/** The format's name with what it is good for, by the file's ending (`.shp.zip` before `.zip`). */
export function fileFormat(href: string, title: string): { name: string; hint: string } {
  const file = href.replace(/\?.*$/, "").replace(/^.*\//, "");
  const endings = /\.([a-z0-9.]+)$/i.exec(file)?.[1]?.toLowerCase() ?? "";
  const last = endings.slice(endings.lastIndexOf(".") + 1);
  const known = ja.formats[endings as keyof typeof ja.formats] ?? ja.formats[last as keyof typeof ja.formats];
  return known === undefined ? { name: title, hint: "" } : known;
}

function round(number: number, digits: number): string {
  return number.toLocaleString("ja-JP", { maximumFractionDigits: digits });
}
