/** The only file that talks HTTP. Every path is on the viewer's own host. */

import { decodeCatalogue, decodeIdentified, decodeJob, DecodeError, decodeProblem, decodeSearch } from "./decode";
import type { Catalogue, Identified, Job, SearchResult } from "./model";
import { ja } from "./text/ja";

/** What went wrong, as a Japanese sentence for the person at the screen. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    readonly status: number | null,
  ) {
    super(message);
  }
}

export type IdentifyQuery = {
  readonly lon: number;
  readonly lat: number;
  /** Lines and points within this distance count. */
  readonly radiusM: number;
  /** YYYY-MM-DD, or null for today. */
  readonly date: string | null;
};

export async function fetchCatalogue(signal?: AbortSignal): Promise<Catalogue> {
  const [landing, collections] = await Promise.all([getJson("/api", signal), getJson("/api/collections", signal)]);
  return decoded(() => decodeCatalogue(landing, collections));
}

export async function identify(query: IdentifyQuery, signal?: AbortSignal): Promise<Identified> {
  const parameters = new URLSearchParams({
    lon: query.lon.toFixed(7),
    lat: query.lat.toFixed(7),
    radius_m: query.radiusM.toFixed(0),
  });
  if (query.date !== null) parameters.set("datetime", query.date);
  const answer = await getJson(`/identify?${parameters}`, signal);
  return decoded(() => decodeIdentified(answer));
}

export async function search(text: string, limit: number, signal?: AbortSignal): Promise<readonly SearchResult[]> {
  const answer = await getJson(`/search?${new URLSearchParams({ q: text, limit: String(limit) })}`, signal);
  return decoded(() => decodeSearch(answer));
}

/** One feature as GeoJSON in longitude and latitude, for drawing. */
export async function fetchFeature(href: string, signal?: AbortSignal): Promise<object> {
  const answer = await getJson(ownPath(href), signal);
  if (typeof answer !== "object" || answer === null) throw new ApiError(ja.errors.unreadable, null);
  return answer;
}

export function itemPath(collection: string, id: string, date: string | null): string {
  const path = `/api/collections/${encodeURIComponent(collection)}/items/${encodeURIComponent(id)}`;
  return date === null ? path : `${path}?datetime=${date}`;
}

/** Path and query of a link: absolute links carry the public host, but the page asks the host it came from. */
export function ownPath(href: string): string {
  const url = new URL(href, window.location.href);
  return url.pathname + url.search;
}

/** A file made for this request, or, if it takes long, the job that makes it. */
export async function order(path: string): Promise<{ readonly file: Blob; readonly name: string } | { readonly job: string }> {
  const response = await answered(path, "*/*");
  if (response.status === 202) {
    const answer: unknown = await response.json();
    return { job: decoded(() => ownPath(decodeJob(answer).monitor)) };
  }
  return { file: await response.blob(), name: nameOf(response.headers.get("Content-Disposition") ?? "") };
}

export async function fetchJob(path: string): Promise<Job> {
  const answer = await getJson(path);
  return decoded(() => decodeJob(answer));
}

/** The file's name in a Content-Disposition (RFC 6266): the Japanese one if it is given. */
function nameOf(disposition: string): string {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  return encoded === undefined ? (/filename="([^"]*)"/i.exec(disposition)?.[1] ?? "") : decodeURIComponent(encoded);
}

async function answered(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { Accept: accept }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(ja.errors.offline, null);
  }
  if (!response.ok) throw new ApiError(await problemOf(response), response.status);
  return response;
}

async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const response = await answered(path, "application/json, application/geo+json", signal);
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(ja.errors.unreadable, response.status);
  }
}

async function problemOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  return decodeProblem(body) || ja.errors.status(response.status);
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw new ApiError(ja.errors.unexpected(error.message), null);
    throw error;
  }
}
