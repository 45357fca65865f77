import { describe, expect, it } from "vitest";
import { createStore, defaultsFor, fromHash, type State, toHash } from "../src/state";
import { catalogue } from "./fixtures";

const defaults = defaultsFor(catalogue);
const read = (hash: string): State => fromHash(hash, defaults, catalogue);

/** Deterministic pseudo-random numbers in [0, 1), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

function someState(next: () => number): State {
  const maybe = <T>(value: T, otherwise: T): T => (next() < 0.5 ? value : otherwise);
  const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
  const ids = catalogue.collections.map((collection) => collection.id);
  return {
    view: maybe({ lon: rounded(next() * 360 - 180, 5), lat: rounded(next() * 170 - 85, 5), zoom: rounded(next() * 20, 2) }, null),
    layers: maybe(ids.filter(() => next() < 0.5), defaults.layers),
    opacity: { ...defaults.opacity, ...maybe({ youto: Math.round(next() * 100) }, {}) },
    base: maybe(maybe("gsi", "blank"), "scan"),
    point: maybe({ lon: rounded(next() * 360 - 180, 7), lat: rounded(next() * 170 - 85, 7) }, null),
    feature: maybe({ collection: "choudo", id: maybe("0101", "第1号/東&西=?#%") }, null),
    date: maybe("2020-04-01", null),
  };
}

describe("the link and the state", () => {
  it("a state read back from its own link is the same state", () => {
    const next = random(20260401);
    for (let count = 0; count < 500; count += 1) {
      const state = someState(next);
      expect(read(toHash(state, defaults))).toEqual(state);
    }
  });

  it("a link made of a link's state is the same link", () => {
    const next = random(7);
    for (let count = 0; count < 200; count += 1) {
      const hash = toHash(someState(next), defaults);
      expect(toHash(read(hash), defaults)).toBe(hash);
    }
  });

  it("the defaults need no link at all", () => {
    expect(toHash(defaults, defaults)).toBe("");
    expect(read("")).toEqual(defaults);
  });

  it("only what differs from the defaults is said", () => {
    expect(toHash({ ...defaults, base: "gsi" }, defaults)).toBe("#base=gsi");
    expect(toHash({ ...defaults, opacity: { ...defaults.opacity, youto: 40 } }, defaults)).toBe("#opacity=youto:40");
  });

  it("no layer at all is a choice and not the default", () => {
    const hash = toHash({ ...defaults, layers: [] }, defaults);
    expect(hash).toBe("#layers=");
    expect(read(hash).layers).toEqual([]);
  });

  it("layers come back in the catalogue's order, without what is not published", () => {
    expect(read("#layers=choudo,gone,youto").layers).toEqual(["youto", "choudo"]);
  });

  it.each([
    ["lon=999&lat=35&z=12"],
    ["lon=139&lat=NaN&z=12"],
    ["lon=139&lat=35&z=1e99"],
    ["point=139"],
    ["point=139,35,12"],
    ["opacity=youto:101"],
    ["opacity=gone:50"],
    ["base=google"],
    ["feature=gone/1"],
    ["feature=choudo/%E3%81"],
    ["date=2020-02-30"],
    ["date=yesterday"],
    ["&&==&=x"],
  ])("what cannot be read is as if left out: %s", (hash) => {
    expect(read(`#${hash}`)).toEqual(defaults);
  });
});

describe("what is shown at first", () => {
  it("two fills never lie over each other", () => {
    expect(defaults.layers).toContain("youto");
    expect(defaults.layers).not.toContain("bouka");
  });

  it("a draft (案) is not shown", () => {
    expect(defaults.layers).not.toContain("an");
  });

  it("another host's tiles are never the default", () => {
    const service = { ...catalogue.service, baseMaps: ["gsi", "blank"] as const };
    expect(defaultsFor({ ...catalogue, service }).base).toBe("blank");
    expect(defaultsFor({ ...catalogue, service: { ...service, baseMaps: ["gsi"] } }).base).toBe("blank");
  });

  it("without scans the scan is no base map", () => {
    const collections = catalogue.collections.filter((collection) => collection.role !== "sheets");
    expect(defaultsFor({ ...catalogue, collections }).base).toBe("blank");
  });
});

describe("the store", () => {
  it("tells its listeners the state and the one before", () => {
    const store = createStore(defaults);
    const heard: [State, State][] = [];
    store.subscribe((state, before) => heard.push([state, before]));
    store.set({ base: "blank" });
    expect(heard).toEqual([[{ ...defaults, base: "blank" }, defaults]]);
  });

  it("says nothing when nothing is different", () => {
    const store = createStore(defaults);
    store.subscribe(() => expect.unreachable());
    store.set({ base: defaults.base });
    expect(store.get()).toBe(defaults);
  });
});
