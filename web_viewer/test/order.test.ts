import { expect, it } from "vitest";
import { arranged } from "../src/order";
import { catalogue, collection } from "./fixtures";

const ids = (all: readonly { id: string }[]): readonly string[] => all.map((item) => item.id);

it("what visitors come for stands first, places to search last", () => {
  const address = { ...collection("choudo"), id: "azachi", theme: "住所", role: "address" };
  const order = ids(arranged({ ...catalogue, collections: [address, ...[...catalogue.collections].reverse()] }).collections);
  expect(order).toEqual(["youto", "bouka", "an", "choudo", "azachi", "plan2500"]);
});

it("arranging twice changes nothing and loses nothing", () => {
  const once = arranged(catalogue);
  expect(arranged(once)).toEqual(once);
  expect([...ids(once.collections)].sort()).toEqual([...ids(catalogue.collections)].sort());
});

it("an unknown role is neither first nor last", () => {
  const all = ["sheets", "surprise", "use_district"].map((role) => ({ ...collection("youto"), id: role, role }));
  expect(ids(arranged({ ...catalogue, collections: all }).collections)).toEqual(["use_district", "surprise", "sheets"]);
});
