import { describe, expect, it } from "vitest";
import * as format from "../src/format";

describe("days", () => {
  it.each([
    ["2019-04-30", "2019年4月30日（平成31年）"],
    ["2019-05-01", "2019年5月1日（令和元年）"],
    ["1989-01-07", "1989年1月7日（昭和64年）"],
    ["1989-01-08", "1989年1月8日（平成元年）"],
    ["1926-12-25", "1926年12月25日（昭和元年）"],
    ["2026-04-01", "2026年4月1日（令和8年）"],
    ["2026-04", "2026年4月（令和8年）"],
    ["2026", "2026年（令和8年）"],
  ])("%s is %s", (iso, text) => {
    expect(format.day(iso)).toBe(text);
  });

  it("what is no date stays as it is", () => {
    expect(format.day("不明")).toBe("不明");
  });

  it("eras agree with the browser's own Japanese calendar on every first of a month since 1873", () => {
    const calendar = new Intl.DateTimeFormat("ja-JP-u-ca-japanese", { era: "long", year: "numeric", timeZone: "UTC" });
    for (let year = 1873; year <= 2040; year += 1)
      for (let month = 1; month <= 12; month += 1) {
        const iso = `${year}-${String(month).padStart(2, "0")}-01`;
        expect(format.day(iso)).toContain(`（${calendar.format(new Date(`${iso}T00:00:00Z`))}）`);
      }
  });

  it("a correction is told from its edition", () => {
    expect(format.edition("2026-04-01.2")).toBe("2026年4月1日（令和8年）施行の版・訂正2");
  });
});

describe("values", () => {
  it("an absent value is said, never an empty cell", () => {
    expect(format.value(null, "m", false)).toBe("記載なし");
    expect(format.value("", "", false)).toBe("記載なし");
  });

  it("zero is a value", () => {
    expect(format.value(0, "m", false)).toBe("0 m");
  });

  it("text that looks like a date is only a date in a date field", () => {
    expect(format.value("2026-04-01", "", false)).toBe("2026-04-01");
    expect(format.value("2026-04-01", "", true)).toBe("2026年4月1日（令和8年）");
  });

  it.each([
    [999, "999 B"],
    [1000, "1.0 kB"],
    [48213, "48 kB"],
    [2_912_331, "2.9 MB"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(format.size(bytes)).toBe(text);
  });

  it("planes are named in both ways", () => {
    expect(format.frame("EPSG:6677")).toBe("平面直角座標系 第IX系（9系）");
    expect(format.frame("EPSG:2450")).toBe("平面直角座標系 第VIII系（8系）");
    expect(format.frame("EPSG:2392")).toBe("EPSG:2392");
  });

  it("a file is named by what it is good for, whatever its query", () => {
    expect(format.fileFormat("https://example.jp/features.csv?x=1", "表").name).toBe("CSV");
    expect(format.fileFormat("/files/a/unknown.xyz", "そのほか")).toEqual({ name: "そのほか", hint: "" });
  });
});
