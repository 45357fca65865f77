/** A part of a map as a file: what is asked for -> its address (pure), and the way from there to the file. */

import { ApiError, fetchJob, order } from "./api";
import type { BBox, Export } from "./model";
import type { LonLat } from "./state";
import { ja } from "./text/ja";

export type Region =
  | { readonly kind: "whole" }
  | { readonly kind: "view" }
  | { readonly kind: "drawn" }
  | { readonly kind: "sheet"; readonly sheet: string }
  | { readonly kind: "route"; readonly route: string; readonly bufferM: number };

export type Order = {
  readonly format: Export;
  /** Shapefile for older programs. */
  readonly cp932: boolean;
  readonly region: Region;
  /** Cut at the region's edge; else whatever touches it is given whole. */
  readonly cut: boolean;
};

/** A ring on the map as it was drawn: first corner not repeated. */
export type Drawn = { readonly corners: readonly LonLat[]; readonly areaM2: number };

export type Report =
  | { readonly kind: "working"; readonly percent: number | null }
  | { readonly kind: "done"; readonly href: string; readonly name: string }
  | { readonly kind: "failed"; readonly reason: string };

const DEGREES = 7;
const FIRST_PAUSE_MS = 500;
const PAUSE_MS = 2000;

/** The address of the file; null while nothing is drawn. */
export function addressOf(order: Order, date: string | null, view: BBox, drawn: Drawn | null): string | null {
  const query = new URLSearchParams();
  const { region } = order;
  if (region.kind === "view") query.set("bbox", [view.west, view.south, view.east, view.north].map((value) => value.toFixed(DEGREES)).join(","));
  if (region.kind === "drawn") {
    if (drawn === null) return null;
    query.set("area", polygonText(drawn.corners));
  }
  if (region.kind === "sheet") query.set("sheet", region.sheet);
  if (region.kind === "route") {
    query.set("route", region.route);
    query.set("buffer_m", String(region.bufferM));
  }
  if (order.cut && region.kind !== "whole") query.set("clip", "true");
  if (order.cp932) query.set("encoding", "cp932");
  if (date !== null) query.set("datetime", date);
  const path = new URL(order.format.url, window.location.href).pathname;
  return query.size === 0 ? path : `${path}?${query}`;
}

function polygonText(corners: readonly LonLat[]): string {
  const ring = [...corners, ...corners.slice(0, 1)];
  return `POLYGON((${ring.map(({ lon, lat }) => `${lon.toFixed(DEGREES)} ${lat.toFixed(DEGREES)}`).join(",")}))`;
}

/** Asks for the file and waits for it, reporting; a long one is made as a job. */
export async function carryOut(address: string, report: (report: Report) => void): Promise<void> {
  report({ kind: "working", percent: null });
  try {
    const answer = await order(address);
    if ("job" in answer) await waitFor(answer.job, report);
    else report({ kind: "done", href: URL.createObjectURL(answer.file), name: answer.name });
  } catch (error) {
    report({ kind: "failed", reason: error instanceof ApiError ? error.message : ja.errors.unreadable });
  }
}

async function waitFor(job: string, report: (report: Report) => void): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = PAUSE_MS) {
    const state = await fetchJob(job);
    if (state.status === "done") return report({ kind: "done", href: new URL(state.result, window.location.href).pathname, name: "" });
    if (state.status === "failed") return report({ kind: "failed", reason: state.message });
    report({ kind: "working", percent: state.progress });
    await new Promise((resolve) => window.setTimeout(resolve, pauseMs));
  }
}
