import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createExportPart } from "../src/exportform";
import { addressOf, carryOut, type Order, type Report } from "../src/exporting";
import { catalogue, collection } from "./fixtures";

const view = { west: 139.2, south: 35.7, east: 139.3, north: 35.8 };
const order: Order = { format: { title: "GeoPackage", url: "https://maps.example.jp/download/youto.gpkg" }, cp932: false, region: { kind: "whole" }, cut: true };
const triangle = { corners: [{ lon: 139.2, lat: 35.7 }, { lon: 139.3, lat: 35.7 }, { lon: 139.3, lat: 35.8 }], areaM2: 5e7 };
const query = (changes: Partial<Order>, date: string | null = null): object => {
  const address = addressOf({ ...order, ...changes }, date, view, triangle)!;
  return Object.fromEntries(new URL(address, "http://x").searchParams);
};

describe("the address of a file", () => {
  it("is on the page's own host, and bare for the whole of today", () => {
    expect(addressOf(order, null, view, null)).toBe("/download/youto.gpkg");
  });

  it("names the region, whether it is cut, the day and the code", () => {
    expect(query({ region: { kind: "view" } })).toEqual({ bbox: "139.2000000,35.7000000,139.3000000,35.8000000", clip: "true" });
    expect(query({ region: { kind: "sheet", sheet: "09KC974" }, cut: false }, "2020-04-01")).toEqual({ sheet: "09KC974", datetime: "2020-04-01" });
    expect(query({ region: { kind: "route", route: "0101", bufferM: 30 }, cut: false, cp932: true })).toEqual({ route: "0101", buffer_m: "30", encoding: "cp932" });
  });

  it("closes what was drawn, and is none while nothing is drawn", () => {
    expect(query({ region: { kind: "drawn" }, cut: false })).toEqual({
      area: "POLYGON((139.2000000 35.7000000,139.3000000 35.7000000,139.3000000 35.8000000,139.2000000 35.7000000))",
    });
    expect(addressOf({ ...order, region: { kind: "drawn" } }, null, view, null)).toBeNull();
  });
});

describe("from order to file", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    URL.createObjectURL = vi.fn(() => "blob:made");
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const told = async (...answers: readonly Response[]): Promise<readonly Report[]> => {
    const reports: Report[] = [];
    const asked = [...answers];
    vi.stubGlobal("fetch", () => Promise.resolve(asked.shift()!));
    const done = carryOut("/download/youto.gpkg", (report) => void reports.push(report));
    await vi.runAllTimersAsync();
    await done;
    return reports;
  };
  const job = (status: string, progress: number, links: readonly object[] = [], message = ""): Response => Response.json({ id: "1", status, progress, message, links });

  it("a short one comes at once, under its Japanese name", async () => {
    const headers = { "Content-Disposition": `attachment; filename="youto.gpkg"; filename*=UTF-8''${encodeURIComponent("用途地域.gpkg")}` };
    expect(await told(new Response("x", { headers }))).toEqual([
      { kind: "working", percent: null },
      { kind: "done", href: "blob:made", name: "用途地域.gpkg" },
    ]);
  });

  it("a long one is waited for, with its progress", async () => {
    const accepted = Response.json({ id: "1", status: "running", links: [{ rel: "monitor", href: "https://maps.example.jp/jobs/1" }] }, { status: 202 });
    const done = job("done", 100, [{ rel: "result", href: "https://maps.example.jp/jobs/1/result" }]);
    expect(await told(accepted, job("running", 20), job("running", 75), done)).toEqual([
      { kind: "working", percent: null },
      { kind: "working", percent: 20 },
      { kind: "working", percent: 75 },
      { kind: "done", href: "/jobs/1/result", name: "" },
    ]);
  });

  it("what cannot be had is said in the service's own sentence", async () => {
    const problem = Response.json({ detail: "範囲が広すぎます。" }, { status: 413 });
    expect((await told(problem)).at(-1)).toEqual({ kind: "failed", reason: "範囲が広すぎます。" });
    const accepted = Response.json({ status: "running", links: [{ rel: "monitor", href: "/jobs/1" }] }, { status: 202 });
    expect((await told(accepted, job("failed", 20, [], "書けません。"))).at(-1)).toEqual({ kind: "failed", reason: "書けません。" });
  });
});

describe("範囲・形式をえらぶ", () => {
  const events = { onDraw: vi.fn(), onOrder: vi.fn() };
  const opened = (id = "youto"): HTMLElement => {
    const { element } = createExportPart(catalogue, collection(id), events);
    (element as HTMLDetailsElement).open = true;
    element.dispatchEvent(new Event("toggle"));
    document.body.replaceChildren(element);
    return element;
  };
  const choose = (element: HTMLElement, name: string, label: string): void => {
    const list = element.querySelector<HTMLSelectElement>(`#export-youto-${name}`)!;
    list.value = [...list.options].find((option) => option.textContent === label)!.value;
    list.dispatchEvent(new Event("change"));
  };
  const submit = (element: HTMLElement): void => void element.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));

  it("offers every format of the service, and a Shapefile in two codes", () => {
    const names = [...opened().querySelectorAll("#export-youto-format option")].map((option) => option.textContent);
    expect(names).toEqual(["GeoPackage", "Shapefile (ZIP)", "Shapefile (ZIP、Shift_JIS)", "JWW（実験的）"]);
  });

  it("says what 実験的 means where the service says it", () => {
    const element = opened();
    choose(element, "format", "JWW（実験的）");
    expect(element.querySelector(".export-hint")!.textContent).toContain("実験的な形式です");
    choose(element, "format", "GeoPackage");
    expect(element.querySelector(".export-hint")!.textContent).not.toContain("実験的");
  });

  it("says the limits of the service", () => {
    expect(opened().querySelector(".export-limits")!.textContent).toContain("200,000件、2,000 km²");
  });

  it("asks for what is missing instead of sending it", () => {
    const element = opened();
    choose(element, "region", "路線に沿って");
    submit(element);
    expect(element.querySelector(".export-failed")!.textContent).toBe("路線番号を入れてください。");
    expect(events.onOrder).not.toHaveBeenCalled();
  });

  it("orders what is chosen, in half-width characters", () => {
    const element = opened();
    choose(element, "region", "路線に沿って");
    element.querySelector<HTMLInputElement>("#export-youto-route")!.value = " ０１０１ ";
    choose(element, "format", "Shapefile (ZIP、Shift_JIS)");
    submit(element);
    expect(events.onOrder.mock.lastCall![0]).toMatchObject({ cp932: true, cut: false, region: { kind: "route", route: "0101", bufferM: 20 } });
  });
});
