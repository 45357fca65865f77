/** Which edition of a collection is in force on a day (pure). */

import type { Collection, EditionRef } from "./model";

export type InForce =
  | { readonly kind: "live"; readonly id: string; readonly takesEffect: string }
  /** `reason` is "" for a day other than today: the service tells it where the edition is asked for. */
  | { readonly kind: "withdrawn"; readonly reason: string }
  | { readonly kind: "none" };

/** The newest edition not later than `date` (YYYY-MM-DD), and of it the highest correction. */
export function inForceOn(editions: readonly EditionRef[], date: string): InForce {
  const candidates = editions
    .filter((edition) => edition.state !== "superseded" && dayOf(edition.id) <= date)
    .sort((a, b) => dayOf(b.id).localeCompare(dayOf(a.id)) || correctionOf(b.id) - correctionOf(a.id));
  const newest = candidates[0];
  if (newest === undefined) return { kind: "none" };
  return newest.state === "withdrawn" ? { kind: "withdrawn", reason: "" } : { kind: "live", id: newest.id, takesEffect: dayOf(newest.id) };
}

/** What is shown of a collection on `date`; null is today, which the service has already decided. */
export function shownOn(collection: Collection, date: string | null): InForce {
  if (collection.status === "案") return { kind: "none" }; // a draft is never the state of a day
  if (date !== null) return inForceOn(collection.editions, date);
  if (collection.withdrawn !== "") return { kind: "withdrawn", reason: collection.withdrawn };
  if (collection.edition === null) return { kind: "none" };
  return { kind: "live", id: collection.edition.id, takesEffect: collection.edition.takesEffect };
}

/** The address template of the tiles of the edition in force on `date`, or null where there is none. */
export function tilesOn(collection: Collection, date: string | null): string | null {
  const shown = shownOn(collection, date);
  if (collection.tiles.kind === "none" || collection.tiles.url === "" || shown.kind !== "live") return null;
  return collection.tiles.url.replace(`/${collection.id}@${collection.edition?.id}/`, `/${collection.id}@${shown.id}/`);
}

export type Offered = { readonly title: string; readonly href: string; readonly size: number | null };

/**
 * The files of the edition in force on `date`. For a past day these are the whole files, whose address takes the day
 * (`/download/{id}.{ext}?datetime=`) and whose size is not known; files under an edition's own address are today's.
 */
export function downloadsOn(collection: Collection, date: string | null): readonly Offered[] {
  if (date === null) return collection.downloads;
  if (shownOn(collection, date).kind !== "live") return [];
  return collection.downloads
    .filter((file) => new URL(file.href, window.location.href).pathname.includes("/download/"))
    .map((file) => ({ title: file.title, href: `${file.href.split("?")[0]}?datetime=${date}`, size: null }));
}

/** Every day on which an edition of some map takes effect, the newest first; what was withdrawn is no choice. */
export function daysOf(collections: readonly Collection[]): readonly string[] {
  const editions = collections.flatMap((collection) => collection.editions).filter((edition) => edition.state === "live");
  return [...new Set(editions.map((edition) => dayOf(edition.id)))].sort().reverse();
}

/** Today in Japan, as YYYY-MM-DD: the day by which the service decides what is in force. */
export function todayInJapan(now: Date = new Date()): string {
  return now.toLocaleDateString("sv-SE", { timeZone: "Asia/Tokyo" });
}

function dayOf(id: string): string {
  return id.slice(0, 10);
}

function correctionOf(id: string): number {
  return id.length > 10 ? Number(id.slice(11)) : 1;
}
