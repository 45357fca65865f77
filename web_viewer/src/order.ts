/** In which order layers stand, on every screen the same: what visitors come for first (pure). */

import type { Catalogue, Collection } from "./model";

const ROLES: readonly string[] = ["use_district", "fire", "planned_road", "other", "road", "parcel", "boundary", "address", "sheets"];

/** Themes by their first layer's role, layers within a theme by role; equals keep the service's order. */
export function arranged(catalogue: Catalogue): Catalogue {
  const first = new Map<string, number>();
  for (const { theme, role } of catalogue.collections) first.set(theme, Math.min(rank(role), first.get(theme) ?? Infinity));
  const themes = [...first.keys()].sort((a, b) => first.get(a)! - first.get(b)!);
  const place = (collection: Collection): number => themes.indexOf(collection.theme) * 100 + rank(collection.role);
  return { ...catalogue, collections: [...catalogue.collections].sort((a, b) => place(a) - place(b)) };
}

function rank(role: string): number {
  const at = ROLES.indexOf(role);
  return at < 0 ? ROLES.indexOf("other") : at;
}
