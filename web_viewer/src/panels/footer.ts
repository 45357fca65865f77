/** A strip that is always there: disclaimer and licence. One press opens sources, permissions and terms in full. */

import { h } from "../dom";
import { shownOn } from "../editions";
import type { Catalogue, Collection } from "../model";
import type { State } from "../state";
import { ja } from "../text/ja";

/** Where 国土地理院 says how its tiles are to be named. */
const GSI_PAGE = "https://maps.gsi.go.jp/development/ichiran.html";

export type Footer = { readonly element: HTMLElement; update(state: State): void };

export function createFooter(catalogue: Catalogue): Footer {
  const { service } = catalogue;
  const licence = h("span", { class: "footer-licence" });
  const attribution = h("p", { class: "footer-attribution" });
  const notices = h("p", { class: "footer-notices" });
  const toggle = h("button", { type: "button", class: "button small footer-toggle", "aria-expanded": "false", "aria-controls": "footer-text" });
  const text = h(
    "div",
    { class: "footer-text", id: "footer-text" },
    attribution,
    notices,
    service.terms === "" ? null : h("p", {}, h("b", {}, `${ja.footer.terms}: `), service.terms),
  );
  const strip = h(
    "p",
    { class: "footer-strip" },
    h("b", { class: "footer-short" }, ja.footer.short),
    h("b", { class: "footer-disclaimer" }, service.disclaimer || ja.footer.short),
    " ",
    licence,
  );
  const element = h("footer", { class: "footer", "aria-label": ja.footer.label }, h("div", { class: "footer-bar" }, strip, toggle), text);
  const open = (expanded: boolean): void => {
    element.classList.toggle("open", expanded);
    toggle.setAttribute("aria-expanded", String(expanded));
    text.hidden = !expanded;
    toggle.textContent = expanded ? ja.footer.close : ja.footer.open;
  };
  toggle.addEventListener("click", () => open(!element.classList.contains("open")));
  open(false);
  return {
    element,
    update(state) {
      const shown = shownCollections(catalogue, state);
      const names = unique([service.attribution, ...shown.map((collection) => collection.attribution)]);
      attribution.replaceChildren(h("b", {}, `${ja.footer.attribution}: `), names.join("、"));
      const licences = unique(shown.map((collection) => collection.licence)).join("・");
      // 国土地理院 asks to be named where its tiles are shown, not behind a button.
      const gsi = state.base === "gsi" ? [h("a", { href: GSI_PAGE }, ja.footer.gsi)] : [];
      licence.replaceChildren(licences === "" ? "" : `${ja.footer.licence}: ${licences} `, ...gsi);
      const sentences = unique(shown.flatMap((collection) => collection.notices));
      notices.replaceChildren(h("b", {}, `${ja.footer.notices}: `), sentences.join(" "));
      notices.hidden = sentences.length === 0;
    },
  };
}

function shownCollections(catalogue: Catalogue, state: State): readonly Collection[] {
  return catalogue.collections.filter(
    (collection) =>
      state.layers.includes(collection.id) &&
      shownOn(collection, state.date).kind === "live" &&
      (collection.role !== "sheets" || state.base === "scan"),
  );
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== ""))];
}
