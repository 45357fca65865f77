/** JSON of the service -> values of `model.ts`. What is missing or of another kind is an error that names the key. */

import type {
  BaseMap,
  BBox,
  Catalogue,
  Collection,
  Contact,
  Download,
  Edition,
  EditionRef,
  Field,
  Geometry,
  Identified,
  IdentifiedFeature,
  IdentifiedLayer,
  Job,
  Labelled,
  LegendClass,
  Limits,
  Pattern,
  SearchResult,
  Service,
} from "./model";

export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** One JSON object and its path inside the answer, e.g. `collections[2].edition`. */
class Reader {
  readonly #value: Record<string, unknown>;

  constructor(
    value: unknown,
    readonly path: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new DecodeError(`${path}: object`);
    this.#value = value as Record<string, unknown>;
  }

  raw(key: string): unknown {
    return this.#value[key];
  }

  has(key: string): boolean {
    return this.#value[key] !== undefined && this.#value[key] !== null;
  }

  /** Text; absent or null is "" because the service leaves optional sentences out. */
  text(key: string): string {
    const value = this.#value[key];
    if (value === undefined || value === null) return "";
    if (typeof value !== "string") throw new DecodeError(`${this.path}.${key}: string`);
    return value;
  }

  /** Text that must be there. */
  name(key: string): string {
    const value = this.#value[key];
    if (typeof value !== "string" || value === "") throw new DecodeError(`${this.path}.${key}: string`);
    return value;
  }

  number(key: string): number {
    const value = this.#value[key];
    if (typeof value !== "number" || !Number.isFinite(value)) throw new DecodeError(`${this.path}.${key}: number`);
    return value;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.#value[key];
    const match = allowed.find((item) => item === value);
    if (match === undefined) throw new DecodeError(`${this.path}.${key}: ${allowed.join(" | ")}`);
    return match;
  }

  object(key: string): Reader {
    return new Reader(this.#value[key], `${this.path}.${key}`);
  }

  /** Each element of a list of objects; an absent list is empty. */
  list<T>(key: string, decode: (reader: Reader) => T): readonly T[] {
    const value = this.#value[key] ?? [];
    if (!Array.isArray(value)) throw new DecodeError(`${this.path}.${key}: array`);
    return value.map((item, index) => decode(new Reader(item, `${this.path}.${key}[${index}]`)));
  }

  texts(key: string): readonly string[] {
    const value = this.#value[key] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
      throw new DecodeError(`${this.path}.${key}: string[]`);
    return value as string[];
  }

  /** A box as [west, south, east, north] in degrees, or null. */
  bbox(key: string): BBox | null {
    return boxFrom(this.#value[key], `${this.path}.${key}`);
  }
}

function boxFrom(value: unknown, path: string): BBox | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || value.length !== 4 || !value.every((item) => Number.isFinite(item)))
    throw new DecodeError(`${path}: [west, south, east, north]`);
  const [west, south, east, north] = value as [number, number, number, number];
  return { west, south, east, north };
}

const BASE_MAPS: readonly BaseMap[] = ["scan", "gsi", "blank"];
const PATTERNS: readonly Pattern[] = ["none", "hatch", "cross", "dots", "dash"];
const GEOMETRIES: readonly Geometry[] = ["polygon", "line", "point", "none"];

export function decodeCatalogue(landing: unknown, collections: unknown): Catalogue {
  return {
    service: decodeService(new Reader(landing, "api").object("service")),
    limits: decodeLimits(new Reader(landing, "api").object("limits")),
    collections: new Reader(collections, "collections").list("collections", decodeCollection),
  };
}

function decodeService(reader: Reader): Service {
  return {
    name: reader.name("name"),
    title: reader.text("title"),
    fictional: reader.raw("fictional") === true,
    candidate: reader.raw("candidate") === true,
    disclaimer: reader.text("disclaimer"),
    terms: reader.text("terms"),
    attribution: reader.text("attribution"),
    baseMaps: BASE_MAPS.filter((base) => reader.texts("baseMaps").includes(base)),
    contacts: reader.list("contacts", decodeContact),
    crs: reader.text("crs"),
    bbox: reader.bbox("bbox"),
  };
}

function decodeLimits(reader: Reader): Limits {
  return {
    areaKm2: reader.number("downloadAreaKm2Maximum"),
    features: reader.number("downloadFeaturesMaximum"),
    bufferM: reader.number("bufferMetresMaximum"),
  };
}

function decodeContact(reader: Reader): Contact {
  return {
    theme: reader.text("theme"),
    office: reader.text("office"),
    phone: reader.text("phone"),
    url: reader.text("url"),
  };
}

function decodeCollection(reader: Reader): Collection {
  return {
    id: reader.name("id"),
    title: reader.name("title"),
    description: reader.text("description"),
    theme: reader.text("theme"),
    role: reader.text("role"),
    geometry: reader.oneOf("geometry", GEOMETRIES),
    status: reader.text("status"),
    authority: reader.text("authority"),
    legalBasis: reader.text("legalBasis"),
    document: reader.text("document"),
    licence: reader.text("licence"),
    permission: reader.text("permission"),
    attribution: reader.text("attribution"),
    notices: reader.texts("notices"),
    mapLevel: reader.number("mapLevel"),
    accuracyM: reader.number("accuracyM"),
    label: reader.text("label"),
    zooms: decodeZooms(reader),
    legend: reader.list("legend", decodeClass),
    fields: reader.list("fields", decodeField),
    edition: reader.has("edition") ? decodeEdition(reader.object("edition")) : null,
    editions: reader.list("editions", decodeEditionRef),
    bbox: decodeExtent(reader),
    tiles: reader.has("tiles") ? decodeTiles(reader.object("tiles")) : { kind: "none", url: "" },
    downloads: reader.list("downloads", decodeDownload),
    exports: reader.list("exports", (item) => ({ title: item.name("title"), url: item.name("url") })),
    withdrawn: reader.text("withdrawn"),
  };
}

function decodeZooms(reader: Reader): readonly [number, number] {
  const value = reader.raw("zooms");
  if (!Array.isArray(value) || value.length !== 2 || !value.every((item) => Number.isInteger(item)))
    throw new DecodeError(`${reader.path}.zooms: [minimum, maximum]`);
  return [value[0] as number, value[1] as number];
}

/** OGC API - Common: `extent.spatial.bbox` is a list of boxes, the first of which covers all. */
function decodeExtent(reader: Reader): BBox | null {
  if (!reader.has("extent") || !reader.object("extent").has("spatial")) return null;
  const boxes = reader.object("extent").object("spatial").raw("bbox");
  return Array.isArray(boxes) && boxes.length > 0 ? boxFrom(boxes[0], `${reader.path}.extent.spatial.bbox[0]`) : null;
}

function decodeClass(reader: Reader): LegendClass {
  return {
    code: reader.text("code"),
    title: reader.text("title"),
    short: reader.text("short"),
    colour: reader.name("colour"),
    pattern: reader.has("pattern") ? reader.oneOf("pattern", PATTERNS) : "none",
  };
}

function decodeField(reader: Reader): Field {
  return {
    name: reader.name("name"),
    title: reader.text("title"),
    unit: reader.text("unit"),
    type: reader.text("type"),
  };
}

function decodeEdition(reader: Reader): Edition {
  return {
    id: reader.name("id"),
    takesEffect: reader.name("takesEffect"),
    title: reader.text("title"),
    noticeNumber: reader.text("noticeNumber"),
  };
}

function decodeEditionRef(reader: Reader): EditionRef {
  return { id: reader.name("id"), state: reader.oneOf("state", ["live", "superseded", "withdrawn"]) };
}

function decodeTiles(reader: Reader): Collection["tiles"] {
  return { kind: reader.oneOf("kind", ["vector", "image", "none"]), url: reader.text("url") };
}

function decodeDownload(reader: Reader): Download {
  return {
    title: reader.text("title"),
    href: reader.name("href"),
    mediaType: reader.text("mediaType"),
    size: reader.number("size"),
  };
}

export function decodeIdentified(value: unknown): Identified {
  const reader = new Reader(value, "identify");
  const inside = reader.raw("insideTown");
  return {
    lon: reader.number("lon"),
    lat: reader.number("lat"),
    eastingM: reader.number("easting_m"),
    northingM: reader.number("northing_m"),
    insideTown: typeof inside === "boolean" ? inside : null,
    layers: reader.list("layers", decodeLayer),
  };
}

function decodeLayer(reader: Reader): IdentifiedLayer {
  return {
    collection: reader.name("collection"),
    title: reader.name("title"),
    theme: reader.text("theme"),
    edition: reader.text("edition") || null,
    takesEffect: reader.text("takesEffect") || null,
    authority: reader.text("authority"),
    legalBasis: reader.text("legalBasis"),
    mapLevel: reader.number("mapLevel"),
    accuracyM: reader.number("accuracyM"),
    attribution: reader.text("attribution"),
    notices: reader.texts("notices"),
    state: reader.oneOf("state", ["found", "none", "nodata"]),
    withdrawn: reader.text("withdrawn"),
    features: reader.list("features", decodeFeature),
  };
}

function decodeFeature(reader: Reader): IdentifiedFeature {
  return {
    id: reader.name("id"),
    distanceM: reader.has("distance_m") ? reader.number("distance_m") : 0,
    labelled: reader.list("labelled", decodeLabelled),
    href: reader.text("href"),
  };
}

function decodeLabelled(reader: Reader): Labelled {
  const value = reader.raw("value") ?? null;
  if (value !== null && !["string", "number", "boolean"].includes(typeof value))
    throw new DecodeError(`${reader.path}.value: string | number | boolean | null`);
  return {
    name: reader.name("name"),
    title: reader.text("title"),
    value: value as Labelled["value"],
    unit: reader.text("unit"),
  };
}

/** A job's own document, or the answer that announced it: its address is then the link `monitor`. */
export function decodeJob(value: unknown): Job & { readonly monitor: string } {
  const reader = new Reader(value, "job");
  const links = new Map(reader.list("links", (link) => [link.text("rel"), link.name("href")] as const));
  return {
    status: reader.oneOf("status", ["running", "done", "failed"]),
    progress: reader.has("progress") ? reader.number("progress") : 0,
    message: reader.text("message"),
    result: links.get("result") ?? "",
    monitor: links.get("monitor") ?? links.get("self") ?? "",
  };
}

/** What has no place (an entry of a register) cannot be shown on a map and is left out. */
export function decodeSearch(value: unknown): readonly SearchResult[] {
  const results = new Reader(value, "search").list("results", (reader) => (reader.has("lon") && reader.has("lat") ? decodeResult(reader) : null));
  return results.filter((result) => result !== null);
}

function decodeResult(reader: Reader): SearchResult {
  return {
    text: reader.name("text"),
    kind: reader.text("kind"),
    collection: reader.name("collection"),
    id: reader.name("id"),
    lon: reader.number("lon"),
    lat: reader.number("lat"),
    bbox: reader.bbox("bbox"),
  };
}

/** The sentence of a problem document (RFC 9457), if the answer is one. */
export function decodeProblem(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const { detail, title } = value as { detail?: unknown; title?: unknown };
  if (typeof detail === "string" && detail !== "") return detail;
  return typeof title === "string" ? title : "";
}
