/** What must be known before anything is read from the map: 見本・架空, 公開前の確認用, a past day. */

import { h } from "../dom";
import { todayInJapan } from "../editions";
import * as format from "../format";
import type { Service } from "../model";
import type { State } from "../state";
import { ja } from "../text/ja";

export type Banner = { readonly element: HTMLElement; update(state: State): void };

export function createBanner(service: Service, onToday: () => void): Banner {
  const pastText = h("span");
  const today = h("button", { type: "button", class: "button small" }, ja.banner.backToToday);
  today.addEventListener("click", onToday);
  const past = h("p", { class: "banner past", role: "status" }, pastText, today);
  const element = h(
    "section",
    { class: "banners", "aria-label": ja.banner.label },
    service.candidate ? h("p", { class: "banner candidate" }, h("strong", {}, ja.banner.candidate), h("span", {}, ja.banner.candidateText)) : null,
    service.fictional ? h("p", { class: "banner fictional" }, h("strong", {}, ja.banner.fictional), h("span", {}, ja.banner.fictionalText)) : null,
    past,
  );
  return {
    element,
    update(state) {
      past.hidden = state.date === null;
      if (state.date === null) return;
      const words = state.date > todayInJapan() ? ja.banner.planned : ja.banner.past;
      pastText.textContent = words(format.day(state.date));
    },
  };
}
