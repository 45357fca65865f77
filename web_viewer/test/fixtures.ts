/** Answers of a service as its contract describes them; each test changes what it is about. */

import { decodeCatalogue } from "../src/decode";
import type { Catalogue, Collection } from "../src/model";

export const landing = {
  title: "見本町 地図情報",
  links: [],
  service: {
    name: "見本町",
    code: "13999",
    title: "見本町 都市計画・道路マップ",
    fictional: true,
    candidate: false,
    disclaimer: "この地図は参考図であり、証明書ではありません。",
    terms: "出典を示せば利用できます。",
    attribution: "© 見本町",
    baseMaps: ["scan", "gsi", "blank"],
    contacts: [{ theme: "都市計画", office: "見本町 都市整備課", phone: "042-000-0001", url: "" }],
    crs: "EPSG:6677",
    bbox: [139.2, 35.7, 139.3, 35.8],
    release: 3,
  },
  limits: { downloadAreaKm2Maximum: 2000, downloadFeaturesMaximum: 200000, bufferMetresMaximum: 1000 },
};

const shared = {
  description: "",
  theme: "都市計画",
  status: "決定",
  authority: "見本町",
  legalBasis: "都市計画法8条",
  document: "計画図",
  licence: "CC-BY-4.0",
  permission: "出典を示せば商用を含め自由に使えます。",
  attribution: "見本町都市整備課",
  notices: [],
  mapLevel: 2500,
  accuracyM: 1.75,
  zooms: [8, 16],
  label: "",
  legend: [],
  fields: [],
  edition: { id: "2026-04-01", takesEffect: "2026-04-01", title: "", noticeNumber: "", noticeDate: null },
  editions: [
    { id: "2020-04-01", state: "live" },
    { id: "2026-04-01", state: "live" },
  ],
  extent: { spatial: { bbox: [[139.2, 35.7, 139.3, 35.8]] } },
  downloads: [],
  links: [],
};

function vector(id: string): object {
  return { kind: "vector", url: `/tiles/${id}@2026-04-01/{z}/{x}/{y}.mvt` };
}

export const youto = {
  ...shared,
  id: "youto",
  title: "用途地域",
  role: "use_district",
  geometry: "polygon",
  label: "{short}",
  legend: [
    { code: "1", title: "第一種低層住居専用地域", short: "1種低住", colour: "#adffd6", pattern: "none" },
    { code: "10", title: "商業地域", short: "商業", colour: "#ffbdde", pattern: "hatch" },
  ],
  fields: [
    { name: "youto", title: "用途地域", unit: "", type: "class" },
    { name: "kenpei", title: "建蔽率", unit: "%", type: "percent" },
    { name: "kokuji", title: "告示日", unit: "", type: "date" },
  ],
  tiles: vector("youto"),
  downloads: [
    { title: "GeoJSON", href: "/files/youto/2026-04-01/features.geojson", mediaType: "application/geo+json", size: 48213 },
  ],
  exports: [
    { title: "GeoPackage", url: "/download/youto.gpkg", mediaType: "", frames: "any" },
    { title: "Shapefile (ZIP)", url: "/download/youto.shp.zip", mediaType: "", frames: "any" },
    { title: "JWW（実験的）", url: "/download/youto.jww", mediaType: "", frames: "town" },
  ],
};

export const bouka = { ...shared, id: "bouka", title: "防火地域", role: "fire", geometry: "polygon", tiles: vector("bouka") };

export const choudo = {
  ...shared,
  id: "choudo",
  title: "町道",
  theme: "道路",
  role: "road",
  geometry: "line",
  permission: "",
  label: "{bango} {meisho}",
  fields: [
    { name: "bango", title: "路線番号", unit: "", type: "code" },
    { name: "meisho", title: "路線名", unit: "", type: "text" },
  ],
  tiles: vector("choudo"),
};

export const draft = { ...shared, id: "an", title: "変更案", role: "planned_road", geometry: "line", status: "案", edition: null, tiles: null };

export const sheets = {
  ...shared,
  id: "plan2500",
  title: "都市計画図",
  theme: "図面",
  role: "sheets",
  geometry: "polygon",
  zooms: [10, 18],
  tiles: { kind: "image", url: "/tiles/plan2500@2026-04-01/{z}/{x}/{y}.webp" },
};

export const answers = { collections: [youto, bouka, choudo, draft, sheets], links: [] };

export const catalogue: Catalogue = decodeCatalogue(landing, answers);

export function collection(id: string): Collection {
  return catalogue.collections.find((item) => item.id === id)!;
}

export const identified = {
  lon: 139.25,
  lat: 35.75,
  easting_m: -51212.1,
  northing_m: -28064.2,
  insideTown: true,
  layers: [
    {
      collection: "youto",
      title: "用途地域",
      theme: "都市計画",
      edition: "2026-04-01",
      takesEffect: "2026-04-01",
      authority: "見本町",
      legalBasis: "都市計画法8条",
      mapLevel: 2500,
      accuracyM: 1.75,
      attribution: "見本町都市整備課",
      notices: [],
      state: "found",
      features: [
        {
          id: "y1",
          distance_m: 0,
          labelled: [
            { name: "youto", title: "用途地域", value: "商業地域", unit: "" },
            { name: "kenpei", title: "建蔽率", value: 80, unit: "%" },
            { name: "kokuji", title: "告示日", value: "2021-04-01", unit: "" },
            { name: "biko", title: "備考", value: null, unit: "" },
          ],
          href: "/api/collections/youto/items/y1",
        },
      ],
    },
    { collection: "bouka", title: "防火地域", theme: "都市計画", edition: "2026-04-01", takesEffect: "2026-04-01", authority: "", legalBasis: "", mapLevel: 2500, accuracyM: 1.75, attribution: "", notices: [], state: "none", features: [] },
    { collection: "choudo", title: "町道", theme: "道路", edition: null, takesEffect: null, authority: "", legalBasis: "", mapLevel: 2500, accuracyM: 1.75, attribution: "", notices: [], state: "nodata", features: [] },
  ],
};
