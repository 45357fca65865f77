import { describe, expect, it } from "vitest";
import { classOf, contrast, inkOn, labelOf, legendRows, markOf, outlineOf } from "../src/legend";
import { collection } from "./fixtures";

const youto = collection("youto");

describe("the class of a feature", () => {
  it("is found by its code, as text or number", () => {
    expect(classOf(youto, { youto: "10" }).title).toBe("商業地域");
    expect(classOf(youto, { youto: 10 }).title).toBe("商業地域");
  });

  it.each([[{ youto: "99" }], [{ youto: null }], [{}]])("an undeclared code never gets a class's colour: %o", (properties) => {
    expect(youto.legend.map((item) => item.colour)).not.toContain(classOf(youto, properties).colour);
  });

  it("a collection without classes has one row: its title", () => {
    expect(legendRows(collection("choudo")).map((row) => row.title)).toEqual(["町道"]);
  });
});

describe("labels", () => {
  it("{short} is the class's stamp", () => {
    expect(labelOf(youto, { youto: "1" })).toBe("1種低住");
  });

  it("fields are filled in and missing values left out", () => {
    expect(labelOf(collection("choudo"), { bango: "0101", meisho: "見本通り" })).toBe("0101 見本通り");
    expect(labelOf(collection("choudo"), { bango: "0101" })).toBe("0101");
  });

  it("a leading zero of a route number stays", () => {
    expect(labelOf({ ...collection("choudo"), label: "{bango}" }, { bango: "007" })).toBe("007");
  });

  it("an undeclared class has no stamp", () => {
    expect(labelOf(youto, { youto: "99" })).toBe("");
  });

  it("a field of the name goes before the class's word", () => {
    const fields = [...youto.fields, { name: "short", title: "", unit: "", type: "text" }];
    expect(labelOf({ ...youto, fields }, { youto: "1", short: "自分の値" })).toBe("自分の値");
  });
});

describe("colours", () => {
  const some = [...Array(4096).keys()].map((value) => `#${value.toString(16).padStart(3, "0").replace(/./g, "$&$&")}`);

  it("the ink on every colour can be read (4.5 : 1, WCAG AA)", () => {
    for (const colour of some) expect(contrast(colour, inkOn(colour))).toBeGreaterThanOrEqual(4.5);
  });

  it("the outline of every colour can be seen on white (3 : 1)", () => {
    for (const colour of some) expect(contrast(outlineOf(colour), "#ffffff")).toBeGreaterThanOrEqual(3);
  });

  it("contrast is that of WCAG: 21 for black on white, 1 for equals, the same both ways", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 9);
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
    expect(contrast("#115a36", "#adffd6")).toBe(contrast("#adffd6", "#115a36"));
    expect(contrast("#123456", "#123456")).toBe(1);
  });
});

describe("the mark in a swatch", () => {
  it("is the stamp, or the code", () => {
    expect(markOf(youto.legend[0]!)).toBe("1種低住");
    expect(markOf({ ...youto.legend[0]!, short: "" })).toBe("1");
  });

  it("does not say the title twice", () => {
    expect(markOf({ ...youto.legend[0]!, short: "町域", title: "町域" })).toBe("");
  });
});
