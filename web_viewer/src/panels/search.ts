/** Search with suggestions: the combobox pattern of WAI-ARIA APG (list autocomplete, manual selection). */

import { h, icon, ICONS } from "../dom";
import type { SearchResult } from "../model";
import { ja } from "../text/ja";

const PAUSE_MS = 200;

export type SearchEvents = {
  /** Asked after a pause in typing; "" when the box was emptied. */
  readonly onQuery: (text: string) => void;
  readonly onChoose: (result: SearchResult) => void;
};

export type SearchPanel = {
  readonly element: HTMLElement;
  show(text: string, results: readonly SearchResult[]): void;
  fail(reason: string): void;
};

export function createSearchPanel(events: SearchEvents): SearchPanel {
  const input = h("input", {
    id: "search",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    enterkeyhint: "search",
    placeholder: ja.search.placeholder,
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "search-list",
  });
  const list = h("ul", { id: "search-list", role: "listbox", "aria-label": ja.search.results, hidden: true });
  const message = h("p", { class: "search-message", hidden: true });
  const status = h("p", { class: "visually-hidden", role: "status" });
  const clear = h("button", { type: "button", class: "search-clear", "aria-label": ja.search.clear, hidden: true }, icon(...ICONS.close));
  const label = h("label", { for: "search", class: "search-label" }, ja.search.label);
  const box = h("div", { class: "search-box" }, icon(...ICONS.search), input, clear);
  const element = h("div", { class: "search", role: "search" }, label, box, list, message, status);

  let results: readonly SearchResult[] = [];
  let active = -1;
  let timer: number | undefined;
  let chooseFirst = false;

  function close(): void {
    list.hidden = message.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(-1);
  }

  function activate(index: number): void {
    active = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = list.children[index];
    if (option === undefined) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView?.({ block: "nearest" });
  }

  function choose(result: SearchResult): void {
    input.value = result.text;
    clear.hidden = false;
    close();
    events.onChoose(result);
  }

  function ask(): void {
    window.clearTimeout(timer);
    const text = input.value.trim();
    clear.hidden = input.value === "";
    if (text === "") close();
    events.onQuery(text);
  }

  input.addEventListener("input", (event) => {
    chooseFirst = false;
    window.clearTimeout(timer);
    // While kana are being converted the text is not yet what is meant.
    if ((event as InputEvent).isComposing) return;
    timer = window.setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("compositionend", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    if (event.key === "Escape") {
      if (open || !message.hidden) close();
      else input.value = "";
      clear.hidden = input.value === "";
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate(active < 0 && step < 0 ? results.length - 1 : (active + step + results.length) % results.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const result = open ? results[Math.max(0, active)] : undefined;
      if (result !== undefined) return choose(result);
      chooseFirst = true;
      ask();
    }
  });
  clear.addEventListener("click", () => {
    input.value = "";
    ask();
    input.focus();
  });
  element.addEventListener("focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) close();
  });

  function optionFor(result: SearchResult, index: number): HTMLElement {
    const option = h("li", { role: "option", id: `search-option-${index}`, "aria-selected": "false" }, h("span", {}, result.text), h("small", {}, result.kind));
    // Before the click the input would lose its focus and the list would close.
    option.addEventListener("pointerdown", (event) => event.preventDefault());
    option.addEventListener("click", () => choose(result));
    return option;
  }

  return {
    element,
    show(text, found) {
      if (input.value.trim() !== text || text === "") return;
      results = found;
      list.replaceChildren(...found.map(optionFor));
      list.hidden = found.length === 0;
      message.hidden = found.length > 0;
      message.textContent = ja.search.none(text);
      status.textContent = found.length > 0 ? ja.search.count(found.length) : ja.search.none(text);
      input.setAttribute("aria-expanded", String(found.length > 0));
      activate(-1);
      if (chooseFirst && found[0] !== undefined) choose(found[0]);
      chooseFirst = false;
    },
    fail(reason) {
      close();
      message.textContent = status.textContent = ja.search.failed(reason);
      message.hidden = false;
    },
  };
}
