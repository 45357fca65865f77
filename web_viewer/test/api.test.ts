import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, fetchCatalogue, identify, itemPath, ownPath, search } from "../src/api";
import { decodeCatalogue, DecodeError, decodeIdentified, decodeSearch } from "../src/decode";
import { answers, identified, landing, youto } from "./fixtures";

afterEach(() => vi.unstubAllGlobals());

/** Stands in for the network alone: records what is asked and answers with real Response objects. */
function network(answer: (path: string) => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    return answer(path);
  });
  return asked;
}

describe("reading answers", () => {
  it("an edition that is not in force is null, not an error", () => {
    const catalogue = decodeCatalogue(landing, answers);
    expect(catalogue.collections.find((item) => item.id === "an")).toMatchObject({ edition: null, tiles: { kind: "none" } });
  });

  it.each([
    ["id", { ...youto, id: undefined }, "collections.collections[0].id"],
    ["geometry", { ...youto, geometry: "sphere" }, "collections.collections[0].geometry"],
    ["accuracy", { ...youto, accuracyM: "1.75" }, "collections.collections[0].accuracyM"],
    ["zooms", { ...youto, zooms: [8] }, "collections.collections[0].zooms"],
    ["bbox", { ...youto, extent: { spatial: { bbox: [[1, 2, 3]] } } }, "collections.collections[0].extent.spatial.bbox[0]"],
    ["tiles", { ...youto, tiles: { kind: "hologram" } }, "collections.collections[0].tiles.kind"],
  ])("a wrong %s is named by its path", (_, collection, path) => {
    expect(() => decodeCatalogue(landing, { collections: [collection] })).toThrow(DecodeError);
    expect(() => decodeCatalogue(landing, { collections: [collection] })).toThrow(path);
  });

  it("the three answers of a layer stay apart", () => {
    expect(decodeIdentified(identified).layers.map((layer) => layer.state)).toEqual(["found", "none", "nodata"]);
  });

  it("an unknown state is an error and never 該当なし", () => {
    const broken = { ...identified, layers: [{ ...identified.layers[0], state: "maybe" }] };
    expect(() => decodeIdentified(broken)).toThrow("layers[0].state");
  });

  it("an unknown boundary is neither inside nor outside", () => {
    expect(decodeIdentified({ ...identified, insideTown: null }).insideTown).toBeNull();
    expect(decodeIdentified({ ...identified, insideTown: false }).insideTown).toBe(false);
  });

  it("search results without a box are places", () => {
    const results = [{ text: "大字平井", kind: "大字", collection: "azachi", id: "1", lon: 139, lat: 35, bbox: null }];
    expect(decodeSearch({ query: "平井", results })[0]?.bbox).toBeNull();
  });
});

describe("asking", () => {
  it("the catalogue is two questions on the own host", async () => {
    const asked = network((path) => Response.json(path === "/api" ? landing : answers));
    expect((await fetchCatalogue()).collections).toHaveLength(answers.collections.length);
    expect(asked.sort()).toEqual(["/api", "/api/collections"]);
  });

  it("identify sends longitude, latitude, radius and the day if one is chosen", async () => {
    const asked = network(() => Response.json(identified));
    await identify({ lon: 139.25, lat: 35.75, radiusM: 12, date: null });
    await identify({ lon: 139.25, lat: 35.75, radiusM: 12, date: "2020-04-01" });
    expect(asked).toEqual([
      "/identify?lon=139.2500000&lat=35.7500000&radius_m=12",
      "/identify?lon=139.2500000&lat=35.7500000&radius_m=12&datetime=2020-04-01",
    ]);
  });

  it("a search text cannot add parameters", async () => {
    const asked = network(() => Response.json({ query: "", results: [] }));
    await search("1番&limit=9999#", 12);
    expect(new URLSearchParams(asked[0]!.split("?")[1]).getAll("limit")).toEqual(["12"]);
  });

  it("the service's own sentence is passed on", async () => {
    network(() => Response.json({ title: "x", detail: "まだ何も公開されていません。" }, { status: 503 }));
    await expect(fetchCatalogue()).rejects.toEqual(new ApiError("まだ何も公開されていません。", 503));
  });

  it("no connection is said in words", async () => {
    network(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(search("平井", 5)).rejects.toThrow("サーバーにつながりません");
  });

  it("an answer that is no JSON is said in words", async () => {
    network(() => new Response("<html>"));
    await expect(search("平井", 5)).rejects.toThrow("読み取れませんでした");
  });

  it("links of the public host are asked on the page's own", () => {
    expect(ownPath("https://maps.example.jp/api/collections/a/items/1?f=json")).toBe("/api/collections/a/items/1?f=json");
  });

  it("an id with a slash stays one segment", () => {
    expect(itemPath("choudo", "1/2?", null)).toBe("/api/collections/choudo/items/1%2F2%3F");
  });
});
