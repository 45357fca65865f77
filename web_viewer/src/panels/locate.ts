/** 現在地: asks the device once, says where it is and how sure it is, or in plain words why not. */

import { h, icon, ICONS } from "../dom";
import { ja } from "../text/ja";

export type Located = { readonly lon: number; readonly lat: number; readonly accuracyM: number };
export type LocateEvents = {
  readonly onLocated: (place: Located) => void;
  readonly onMessage: (text: string) => void;
};

const TIMEOUT_MS = 15_000;

export function createLocateButton(events: LocateEvents): HTMLButtonElement {
  const button = h("button", { type: "button", class: "map-button", id: "locate" }, icon(...ICONS.locate), h("span", {}, ja.map.locate));
  button.addEventListener("click", () => {
    if (!window.isSecureContext) return events.onMessage(ja.locate.insecure);
    if (!("geolocation" in navigator)) return events.onMessage(ja.locate.unsupported);
    button.setAttribute("aria-busy", "true");
    events.onMessage(ja.locate.searching);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.removeAttribute("aria-busy");
        events.onLocated({ lon: coords.longitude, lat: coords.latitude, accuracyM: coords.accuracy });
      },
      (error) => {
        button.removeAttribute("aria-busy");
        events.onMessage(reason(error.code));
      },
      { enableHighAccuracy: true, timeout: TIMEOUT_MS, maximumAge: 10_000 },
    );
  });
  return button;
}

/** Codes of GeolocationPositionError: 1 PERMISSION_DENIED, 2 POSITION_UNAVAILABLE, 3 TIMEOUT. */
export function reason(code: number): string {
  if (code === 1) return ja.locate.denied;
  return code === 3 ? ja.locate.timeout : ja.locate.unavailable;
}
