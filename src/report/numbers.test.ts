import { describe, expect, it } from "vitest";
import { count, counted, decimal, duration, percent, position, signedDecimal } from "./numbers.ts";

describe("numbers for people", () => {
  it("writes rates, with a dash where there is none", () => {
    expect(percent(3.414)).toBe("3.41\u202f%");
    expect(percent(100, 0)).toBe("100\u202f%");
    expect(percent(null)).toBe("–");
    expect(decimal(null)).toBe("–");
  });

  it("signs differences, and zero not at all", () => {
    expect(signedDecimal(1.005, 1)).toBe("+1.0");
    expect(signedDecimal(-1.25, 1)).toBe("−1.3");
    expect(signedDecimal(-0.001)).toBe("0.00");
    expect(signedDecimal(0.001)).toBe("0.00");
  });

  it("counts", () => {
    expect(count(1234567)).toBe("1,234,567");
    expect(counted(1, "utterance")).toBe("1 utterance");
    expect(counted(0, "utterance")).toBe("0 utterances");
  });

  it("writes lengths and positions", () => {
    expect(duration(4.21)).toBe("4.2\u202fs");
    expect(duration(725)).toBe("12\u202fmin 5\u202fs");
    expect(duration(3599.7)).toBe("1\u202fh 0\u202fmin");
    expect(position(4.16)).toBe("0:04.2");
    expect(position(59.97)).toBe("1:00.0");
    expect(position(3723.4)).toBe("1:02:03.4");
  });
});
