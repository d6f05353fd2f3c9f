import { describe, expect, it } from "vitest";
import { alternate } from "./alternate.ts";
import { SystemFailure, type SystemProcess } from "./system-process.ts";

const utterances = ["a", "b"].map((text) => ({ samples: new Float32Array(1), text, language: "en" }));

/** A system that notes its turns and answers `seconds` for each, or fails at its `failsAt`-th turn. */
function system(name: string, seconds: number, turns: string[], failsAt = Infinity): SystemProcess {
  let count = 0;
  const transcribe = async () => {
    turns.push(name);
    count++;
    if (count === failsAt) throw new SystemFailure("out of memory");
    return { text: `${name}${count}`, seconds };
  };
  return { name, transcribe } as unknown as SystemProcess;
}

describe("alternate", () => {
  it("warms up, then gives each recording to all in turn, the other way round every second round", async () => {
    const turns: string[] = [];
    const [first, second] = [system("A", 1, turns), system("B", 3, turns)];
    const { measurements, failures } = await alternate([first, second], utterances, 2, () => {});
    expect(turns.join("")).toBe("AB-ABAB-BABA".replaceAll("-", ""));
    // The warm-up is neither timed nor scored.
    expect(measurements.get(first)).toEqual({ texts: ["A2", "A3"], roundSeconds: [2, 2] });
    expect(measurements.get(second)).toEqual({ texts: ["B2", "B3"], roundSeconds: [6, 6] });
    expect(failures.size).toBe(0);
  });

  it("goes on without a system that fails, and says why it is missing", async () => {
    const turns: string[] = [];
    const [first, second] = [system("A", 1, turns), system("B", 1, turns, 3)];
    const { measurements, failures } = await alternate([first, second], utterances, 2, () => {});
    expect(turns.join("")).toBe("AB-ABAB-AA".replaceAll("-", ""));
    expect([...measurements.keys()]).toEqual([first]);
    expect(failures).toEqual(new Map([[second, "out of memory"]]));
  });
});
