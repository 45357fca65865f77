import { beforeEach, describe, expect, it, vi } from "vitest";
import { decodeIdentified } from "../src/decode";
import type { SearchResult } from "../src/model";
import { createBanner } from "../src/panels/banner";
import { createFooter } from "../src/panels/footer";
import { createInfoPanel } from "../src/panels/info";
import { createLayersPanel } from "../src/panels/layers";
import { reason } from "../src/panels/locate";
import { createSearchPanel } from "../src/panels/search";
import { defaultsFor } from "../src/state";
import { catalogue, identified } from "./fixtures";

const defaults = defaultsFor(catalogue);
const asked = { radiusM: 10, date: null, feature: null };

beforeEach(() => {
  document.body.replaceChildren();
  // jsdom has no canvas; swatches then stay without their drawing.
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
});

describe("この地点の情報", () => {
  const shown = (answer: object): HTMLElement => {
    const panel = createInfoPanel(catalogue);
    panel.show(decodeIdentified(answer), asked);
    return panel.element;
  };

  it("says 該当あり, 該当なし and データ無し outright", () => {
    const badges = [...shown(identified).querySelectorAll("section[data-state] .badge")].map((badge) => badge.textContent);
    expect(badges).toEqual(["該当あり", "該当なし", "データ無し"]);
  });

  it("gives edition, authority, law, accuracy and source of what was found", () => {
    const text = shown(identified).querySelector('[data-collection="youto"]')!.textContent!;
    for (const part of ["2026年4月1日（令和8年）施行の版", "見本町", "都市計画法8条", "地図情報レベル2500", "±1.75 m", "見本町都市整備課"])
      expect(text).toContain(part);
  });

  it("shows dates of date fields in words and absent values as 記載なし", () => {
    const values = [...shown(identified).querySelectorAll(".feature dd")].map((cell) => cell.textContent);
    expect(values).toEqual(["商業地域", "80 %", "2021年4月1日（令和3年）", "記載なし"]);
  });

  it("says 町域外 and then never 該当なし", () => {
    const text = shown({ ...identified, insideTown: false }).textContent!;
    expect(text).toContain("町域外です");
    expect(text).not.toContain("該当なし");
  });

  it("says why there is no data where an edition was withdrawn", () => {
    const layer = { ...identified.layers[2], withdrawn: "境界の誤り" };
    expect(shown({ ...identified, layers: [layer] }).textContent).toContain("取り下げられています（理由: 境界の誤り）");
  });

  it("puts what was searched for first", () => {
    const road = { ...identified.layers[0], collection: "choudo", theme: "道路", title: "町道" };
    const panel = createInfoPanel(catalogue);
    const answer = decodeIdentified({ ...identified, layers: [identified.layers[0], road] });
    panel.show(answer, { ...asked, feature: { collection: "choudo", id: "y1" } });
    expect(panel.element.querySelector("section")!.dataset["collection"]).toBe("choudo");
  });

  it("folds what lies farther away, and drops nothing", () => {
    const feature = identified.layers[0]!.features[0];
    const features = [1, 2, 3, 4, 5].map((distance_m) => ({ ...feature, id: `y${distance_m}`, distance_m }));
    const element = shown({ ...identified, layers: [{ ...identified.layers[0], features }] });
    expect(element.querySelectorAll(".feature")).toHaveLength(5);
    expect(element.querySelector("details.more summary")!.textContent).toBe("ほか 2 件を表示");
  });

  it("takes names from data as text, never as markup", () => {
    const layer = { ...identified.layers[0], title: "<img src=x onerror=alert(1)>" };
    expect(shown({ ...identified, layers: [layer] }).querySelector("img")).toBeNull();
  });
});

describe("図面をえらぶ", () => {
  const events = { onToggle: vi.fn(), onOpacity: vi.fn(), onBase: vi.fn(), onDate: vi.fn(), onDraw: vi.fn(), onOrder: vi.fn() };
  const panel = (): HTMLElement => {
    const made = createLayersPanel(catalogue, events);
    made.update(defaults, 14);
    document.body.append(made.element);
    return made.element;
  };

  it("groups layers by theme and follows the state", () => {
    const element = panel();
    expect([...element.querySelectorAll("fieldset > legend")].map((legend) => legend.textContent)).toEqual(["都市計画", "道路", "背景の地図", "いつの図面か", "更新のお知らせと一覧"]);
    expect(element.querySelector<HTMLInputElement>("#layer-youto")!.checked).toBe(true);
    expect(element.querySelector<HTMLInputElement>("#layer-bouka")!.checked).toBe(false);
  });

  it("every control has a name of its own", () => {
    const element = panel();
    const names = [...element.querySelectorAll<HTMLInputElement>("input")].map((input) => input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent);
    expect(names.every(Boolean)).toBe(true);
    expect(new Set(names).size).toBe(names.length);
  });

  it("the legend says each class in words, beside its colour", () => {
    const rows = [...panel().querySelectorAll('[data-collection="youto"] .legend li')].map((row) => row.textContent);
    expect(rows).toEqual(["1種低住第一種低層住居専用地域", "商業商業地域"]);
  });

  it("a layer without permission is for viewing only, and says so", () => {
    const element = panel();
    expect(element.querySelector('[data-collection="choudo"] .downloads')!.textContent).toContain("閲覧のみ");
    expect(element.querySelector('[data-collection="choudo"] a[download]')).toBeNull();
  });

  it("a download says its format, its use and its size", () => {
    const link = panel().querySelector('[data-collection="youto"] a[download]')!;
    expect(link.getAttribute("href")).toBe("/files/youto/2026-04-01/features.geojson");
    expect(link.textContent).toContain("GeoJSON");
    expect(link.textContent).toContain("48 kB");
  });

  it("says which sentences come along with a file", () => {
    expect(panel().querySelector('[data-collection="youto"] .downloads')!.textContent).toContain("ファイルにもつく出典・承認: 見本町都市整備課");
  });

  it("leads to what changed, where there is an edition before", () => {
    expect(panel().querySelector('[data-collection="youto"] a.changes')!.getAttribute("href")).toBe("/api/collections/youto/changes?f=html");
    expect(panel().querySelector('[data-collection="an"] a.changes')).toBeNull();
    expect([...panel().querySelectorAll(".news a")].map((link) => link.getAttribute("href"))).toEqual(["/api/changes?f=html", "/api/changes?f=atom", "/list"]);
  });

  it("a withdrawn edition is said with its reason", () => {
    const collections = catalogue.collections.map((item) => (item.id === "youto" ? { ...item, edition: null, withdrawn: "誤りのため" } : item));
    const made = createLayersPanel({ ...catalogue, collections }, events);
    made.update(defaults, 14);
    expect(made.element.querySelector('[data-collection="youto"]')!.textContent).toContain("取り下げられています（理由: 誤りのため）");
  });

  it("offers the days of the editions, the coming ones as 予定", () => {
    const coming = { id: "2999-04-01", state: "live" } as const;
    const collections = catalogue.collections.map((item) => ({ ...item, editions: [...item.editions, coming] }));
    const made = createLayersPanel({ ...catalogue, collections }, events);
    const list = made.element.querySelector<HTMLSelectElement>("#as-of-edition")!;
    expect([...list.options].map((option) => option.value)).toEqual(["", "2999-04-01", "2026-04-01", "2020-04-01", "other"]);
    expect(list.options[1]!.textContent).toContain("（予定）");
    list.value = "2020-04-01";
    list.dispatchEvent(new Event("change"));
    expect(events.onDate).toHaveBeenLastCalledWith("2020-04-01");
  });

  it("a draft says that it is one, and that nothing is in force", () => {
    const text = panel().querySelector('[data-collection="an"]')!.textContent!;
    expect(text).toContain("案（未決定）");
    expect(text).toContain("データ無し");
  });

  it("tells which layer was ticked", () => {
    panel().querySelector<HTMLInputElement>("#layer-bouka")!.click();
    expect(events.onToggle).toHaveBeenLastCalledWith("bouka", true);
  });
});

describe("search box", () => {
  const results: readonly SearchResult[] = ["町道第101号線", "町道第102号線"].map((text, index) => ({
    text,
    kind: "町道",
    collection: "choudo",
    id: String(index),
    lon: 139,
    lat: 35,
    bbox: null,
  }));

  function opened(): { input: HTMLInputElement; list: HTMLElement; chosen: SearchResult[]; key: (name: string) => void } {
    const chosen: SearchResult[] = [];
    const panel = createSearchPanel({ onQuery: () => {}, onChoose: (result) => chosen.push(result) });
    document.body.append(panel.element);
    const input = panel.element.querySelector("input")!;
    input.value = "町道";
    panel.show("町道", results);
    const key = (name: string): void => void input.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
    return { input, list: panel.element.querySelector("ul")!, chosen, key };
  }

  const active = (input: HTMLInputElement): string | undefined =>
    document.getElementById(input.getAttribute("aria-activedescendant") ?? "")?.textContent ?? undefined;

  it("is a combobox with its list", () => {
    const { input, list } = opened();
    expect(input.getAttribute("role")).toBe("combobox");
    expect(input.getAttribute("aria-controls")).toBe(list.id);
    expect(input.getAttribute("aria-expanded")).toBe("true");
  });

  it("arrows go round in both directions", () => {
    const { input, key } = opened();
    key("ArrowDown");
    expect(active(input)).toContain("101");
    key("ArrowUp");
    expect(active(input)).toContain("102");
    key("ArrowDown");
    expect(active(input)).toContain("101");
  });

  it("Enter takes the marked suggestion and closes the list", () => {
    const { input, list, chosen, key } = opened();
    key("ArrowDown");
    key("ArrowDown");
    key("Enter");
    expect(chosen.map((result) => result.id)).toEqual(["1"]);
    expect(list.hidden).toBe(true);
    expect(input.value).toBe("町道第102号線");
  });

  it("Esc closes the list first and empties the box then", () => {
    const { input, list, key } = opened();
    key("Escape");
    expect([list.hidden, input.value]).toEqual([true, "町道"]);
    key("Escape");
    expect(input.value).toBe("");
  });

  it("an answer to an older text is not shown", () => {
    const panel = createSearchPanel({ onQuery: () => {}, onChoose: () => {} });
    panel.element.querySelector("input")!.value = "平井";
    panel.show("平", results);
    expect(panel.element.querySelector("ul")!.hidden).toBe(true);
  });

  it("finding nothing is said", () => {
    const panel = createSearchPanel({ onQuery: () => {}, onChoose: () => {} });
    panel.element.querySelector("input")!.value = "無い";
    panel.show("無い", []);
    expect(panel.element.querySelector(".search-message")!.textContent).toContain("「無い」は見つかりませんでした");
  });
});

describe("what is always there", () => {
  it("disclaimer and licence stand in the strip", () => {
    const footer = createFooter(catalogue);
    footer.update(defaults);
    const strip = footer.element.querySelector(".footer-strip")!.textContent;
    for (const part of ["証明書ではありません", "CC-BY-4.0"]) expect(strip).toContain(part);
  });

  it("one press shows terms and attribution", () => {
    const footer = createFooter(catalogue);
    footer.update(defaults);
    const text = footer.element.querySelector<HTMLElement>("#footer-text")!;
    expect(text.hidden).toBe(true);
    footer.element.querySelector("button")!.click();
    expect(text.hidden).toBe(false);
    for (const part of ["出典を示せば利用できます", "© 見本町", "見本町都市整備課"]) expect(text.textContent).toContain(part);
  });

  it("「地理院タイル」 is linked when, and only when, they are the base map", () => {
    const footer = createFooter(catalogue);
    footer.update({ ...defaults, base: "gsi" });
    expect(footer.element.querySelector(".footer-strip a")?.textContent).toBe("地理院タイル");
    footer.update(defaults);
    expect(footer.element.querySelector("a")).toBeNull();
  });

  it("the sentence of a permission is there while its layer is shown", () => {
    const notice = "測量法第44条に基づく承認による。";
    const collections = catalogue.collections.map((item) => (item.id === "bouka" ? { ...item, notices: [notice] } : item));
    const footer = createFooter({ ...catalogue, collections });
    footer.update(defaults);
    expect(footer.element.textContent).not.toContain(notice);
    footer.update({ ...defaults, layers: ["bouka"] });
    expect(footer.element.textContent).toContain(notice);
  });

  it("a sample and a candidate are named as such", () => {
    const text = createBanner({ ...catalogue.service, candidate: true }, () => {}).element.textContent;
    expect(text).toContain("見本・架空");
    expect(text).toContain("公開前の確認用");
  });

  it("every reason for no position is another sentence", () => {
    expect(new Set([1, 2, 3].map(reason)).size).toBe(3);
  });
});
