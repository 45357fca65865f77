/** The vocabulary of the viewer: what the service answers, as values. Longitudes and latitudes in degrees (WGS 84). */

export type BBox = { readonly west: number; readonly south: number; readonly east: number; readonly north: number };
export type BaseMap = "scan" | "gsi" | "blank";
export type Pattern = "none" | "hatch" | "cross" | "dots" | "dash";
export type Geometry = "polygon" | "line" | "point" | "none";

export type Contact = {
  readonly theme: string;
  readonly office: string;
  readonly phone: string;
  readonly url: string;
};

export type Service = {
  readonly name: string;
  readonly title: string;
  /** A sample that is not a real town: said wherever the map is shown. */
  readonly fictional: boolean;
  /** A preview before the office's decision. */
  readonly candidate: boolean;
  readonly disclaimer: string;
  readonly terms: string;
  readonly attribution: string;
  readonly baseMaps: readonly BaseMap[];
  readonly contacts: readonly Contact[];
  /** The town frame, e.g. "EPSG:6677". */
  readonly crs: string;
  readonly bbox: BBox | null;
};

export type LegendClass = {
  readonly code: string;
  readonly title: string;
  readonly short: string;
  readonly colour: string;
  readonly pattern: Pattern;
};

export type Field = { readonly name: string; readonly title: string; readonly unit: string; readonly type: string };
export type EditionRef = { readonly id: string; readonly state: "live" | "superseded" | "withdrawn" };

export type Edition = {
  readonly id: string;
  readonly takesEffect: string;
  readonly title: string;
  readonly noticeNumber: string;
};

export type Download = {
  readonly title: string;
  readonly href: string;
  readonly mediaType: string;
  readonly size: number;
};

/** A format in which the edition, or a part of it, is written on request. */
export type Export = { readonly title: string; readonly url: string };

/** What one download may ask for at most. */
export type Limits = { readonly areaKm2: number; readonly features: number; readonly bufferM: number };

export type Collection = {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly theme: string;
  readonly role: string;
  readonly geometry: Geometry;
  readonly status: string;
  readonly authority: string;
  readonly legalBasis: string;
  readonly document: string;
  readonly licence: string;
  readonly permission: string;
  readonly attribution: string;
  readonly notices: readonly string[];
  readonly mapLevel: number;
  readonly accuracyM: number;
  readonly label: string;
  readonly zooms: readonly [number, number];
  readonly legend: readonly LegendClass[];
  readonly fields: readonly Field[];
  /** null: no edition is in force today. */
  readonly edition: Edition | null;
  readonly editions: readonly EditionRef[];
  readonly bbox: BBox | null;
  readonly tiles: { readonly kind: "vector" | "image" | "none"; readonly url: string };
  readonly downloads: readonly Download[];
  readonly exports: readonly Export[];
  /** Why today's edition was withdrawn; "" if it was not. */
  readonly withdrawn: string;
};

export type Catalogue = { readonly service: Service; readonly limits: Limits; readonly collections: readonly Collection[] };

export type Labelled = {
  readonly name: string;
  readonly title: string;
  readonly value: string | number | boolean | null;
  readonly unit: string;
};

export type IdentifiedFeature = {
  readonly id: string;
  readonly distanceM: number;
  readonly labelled: readonly Labelled[];
  readonly href: string;
};

export type IdentifiedLayer = {
  readonly collection: string;
  readonly title: string;
  readonly theme: string;
  readonly edition: string | null;
  readonly takesEffect: string | null;
  readonly authority: string;
  readonly legalBasis: string;
  readonly mapLevel: number;
  readonly accuracyM: number;
  readonly attribution: string;
  readonly notices: readonly string[];
  /** "none": 該当なし. "nodata": データ無し. They are different answers. */
  readonly state: "found" | "none" | "nodata";
  /** Why there is no data, if the edition was withdrawn; else "". */
  readonly withdrawn: string;
  readonly features: readonly IdentifiedFeature[];
};

export type Identified = {
  readonly lon: number;
  readonly lat: number;
  readonly eastingM: number;
  readonly northingM: number;
  /** null: the service does not know the town's boundary. */
  readonly insideTown: boolean | null;
  readonly layers: readonly IdentifiedLayer[];
};

/** A long download: its progress in percent, then where its file is, or why there is none. */
export type Job = {
  readonly status: "running" | "done" | "failed";
  readonly progress: number;
  readonly message: string;
  readonly result: string;
};

export type SearchResult = {
  readonly text: string;
  readonly kind: string;
  readonly collection: string;
  readonly id: string;
  readonly lon: number;
  readonly lat: number;
  readonly bbox: BBox | null;
};
