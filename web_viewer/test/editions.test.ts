import { describe, expect, it } from "vitest";
import { downloadsOn, inForceOn, shownOn, tilesOn } from "../src/editions";
import { collection } from "./fixtures";

const editions = [
  { id: "2020-04-01", state: "live" },
  { id: "2020-04-01.2", state: "superseded" },
  { id: "2020-04-01.10", state: "live" },
  { id: "2020-04-01.3", state: "live" },
  { id: "2024-04-01", state: "withdrawn" },
  { id: "2026-04-01", state: "live" },
] as const;

describe("in force on a day", () => {
  it("nothing before the first edition", () => {
    expect(inForceOn(editions, "2020-03-31")).toEqual({ kind: "none" });
  });

  it("from its own day on, and of its corrections the highest by number", () => {
    expect(inForceOn(editions, "2020-04-01")).toEqual({ kind: "live", id: "2020-04-01.10", takesEffect: "2020-04-01" });
    expect(inForceOn(editions, "2024-03-31")).toMatchObject({ id: "2020-04-01.10" });
  });

  it("a withdrawn edition does not bring an older one back", () => {
    expect(inForceOn(editions, "2025-01-01")).toEqual({ kind: "withdrawn", reason: "" });
  });

  it("a future edition is not in force yet", () => {
    expect(inForceOn([{ id: "2030-01-01", state: "live" }], "2026-04-01")).toEqual({ kind: "none" });
  });

  it("a draft (案) is never the state of a day", () => {
    expect(shownOn({ ...collection("youto"), status: "案" }, "2026-04-01")).toEqual({ kind: "none" });
  });
});

describe("the tiles of a day", () => {
  it("are the service's own for today", () => {
    expect(tilesOn(collection("youto"), null)).toBe("/tiles/youto@2026-04-01/{z}/{x}/{y}.mvt");
  });

  it("name the edition that was in force", () => {
    expect(tilesOn(collection("youto"), "2021-01-01")).toBe("/tiles/youto@2020-04-01/{z}/{x}/{y}.mvt");
  });

  it("are none where there was no edition, never another day's", () => {
    expect(tilesOn(collection("youto"), "2019-01-01")).toBeNull();
    expect(tilesOn(collection("an"), null)).toBeNull();
  });
});

describe("the downloads of a day", () => {
  const files = ["/download/youto.csv", "/files/youto/2026-04-01/sheets/a.tif"].map((href) => ({ title: "", href, mediaType: "", size: 1 }));
  const youto = { ...collection("youto"), downloads: files };

  it("are all of them today", () => {
    expect(downloadsOn(youto, null)).toEqual(files);
  });

  it("are asked for that day, and never another edition's own files", () => {
    expect(downloadsOn(youto, "2021-01-01")).toEqual([{ title: "", href: "/download/youto.csv?datetime=2021-01-01", size: null }]);
  });

  it("are none where nothing was in force", () => {
    expect(downloadsOn(youto, "2019-01-01")).toEqual([]);
  });
});
