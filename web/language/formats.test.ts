import { describe, expect, it } from "vitest";
import { bytes, clock, languageName, roughDuration } from "./formats.ts";
import { chinese } from "./chinese.ts";
import { english } from "./english.ts";

describe("numbers for readers", () => {
  it("are times as a clock shows them", () => {
    expect([0, 59.9, 60, 3599, 3600, 36_061.4].map((seconds) => clock(seconds))).toEqual([
      "0:00",
      "0:59",
      "1:00",
      "59:59",
      "1:00:00",
      "10:01:01",
    ]);
    expect(clock(64.25, true)).toBe("1:04.2");
    expect(clock(3.3, true)).toBe("0:03.3");
  });

  it("are sizes and durations in both languages", () => {
    expect(bytes(0, "en")).toBe("0 byte");
    expect(bytes(999, "en")).toBe("999 byte");
    expect(bytes(3_240_000, "en")).toBe("3.2 MB");
    expect(bytes(5e9, "zh")).toBe("5 GB");
    expect(roughDuration(3, "en")).toBe("5 sec");
    expect(roughDuration(100, "en")).toBe("2 min");
    expect(roughDuration(7000, "en")).toBe("2 hr");
    expect(languageName("zh", "en")).toBe("Chinese");
    expect(languageName("no such code", "en")).toBe("no such code");
  });
});

describe("the languages of the page", () => {
  const entries = (part: object, path = ""): [string, string][] =>
    Object.entries(part).flatMap(([name, value]: [string, unknown]) =>
      typeof value === "object" && value !== null
        ? entries(value, `${path}.${name}`)
        : [[`${path}.${name}`, typeof value === "string" ? value : String(value)] as [string, string]],
    );

  it("say the same things", () => {
    const names = (part: object) => entries(part).map(([name]) => name);
    expect(names(chinese)).toEqual(names(english));
    expect(entries(chinese).filter(([, value]) => value.trim() === "")).toEqual([]);
  });

  it("are really two: what is the same in both are names and keys", () => {
    const inEnglish = new Map(entries(english));
    const same = entries(chinese).filter(
      ([name, value]) => inEnglish.get(name) === value && /[a-z]{3}/i.test(value),
    );
    expect(same.map(([name]) => name).filter((name) => !name.startsWith(".shortcuts"))).toEqual([]);
  });
});
