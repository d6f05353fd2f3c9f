import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { groupedQueryAttention, multiHeadAttention, rotaryEmbedding } from "./attention.ts";
import { convolution, gelu, layerNorm, rootMeanSquareNorm, silu, softmax } from "./operators.ts";
import { bytesOf, Program, type Value } from "./program.ts";
import { runProgram } from "./testing/run-program.ts";

interface Numbers {
  shape: number[];
  values: number[];
}

// Made by tools/fixtures/operators.py with PyTorch.
const fixtures = JSON.parse(readFileSync(new URL("./fixtures/operators.json", import.meta.url), "utf8"));

const tensor = ({ shape, values }: Numbers) => ({ data: Float32Array.from(values), shape });

function constant(program: Program, name: string, { shape, values }: Numbers): Value {
  return program.weight(name, { type: "float32", shape, bytes: bytesOf(Float32Array.from(values)) });
}

function expectClose(actual: { data: Float32Array; shape: readonly number[] }, expected: Numbers): void {
  expect(actual.shape).toEqual(expected.shape);
  const difference = expected.values.map((value, i) => Math.abs(value - actual.data[i]!));
  expect(Math.max(...difference)).toBeLessThan(5e-5);
}

describe("operators compute what PyTorch computes:", () => {
  it("activations and softmax", async () => {
    const fixture = fixtures.activations as Record<string, Numbers>;
    const program = new Program("activations");
    const x = program.input("x", "float32", ["batch", 5, 12]);
    program.output("gelu", gelu(x));
    program.output("silu", silu(x));
    program.output("softmax", softmax(x, 1));
    const outputs = await runProgram(program, { x: tensor(fixture.x!) });
    for (const name of ["gelu", "silu", "softmax"]) expectClose(outputs[name]!, fixture[name]!);
  });

  it("norms", async () => {
    const fixture = fixtures.norms as Record<string, Numbers>;
    const program = new Program("norms");
    const x = program.input("x", "float32", ["batch", 5, 12]);
    const weight = constant(program, "weight", fixture.weight!);
    program.output("layer", layerNorm(x, weight, constant(program, "bias", fixture.bias!)));
    program.output("rootMeanSquare", rootMeanSquareNorm(x, weight));
    const outputs = await runProgram(program, { x: tensor(fixture.x!) });
    expectClose(outputs.layer!, fixture.layer!);
    expectClose(outputs.rootMeanSquare!, fixture.rootMeanSquare!);
  });

  it("convolution over time", async () => {
    const fixture = fixtures.convolution as Record<string, Numbers>;
    const program = new Program("convolution");
    const x = program.input("x", "float32", [1, 3, "time"]);
    const [weight, bias] = [
      constant(program, "weight", fixture.weight!),
      constant(program, "bias", fixture.bias!),
    ];
    program.output("y", convolution(x, weight, bias, { stride: 2, padding: 1, time: "half" }));
    const { y } = await runProgram(program, { x: tensor(fixture.x!) });
    expectClose(y!, fixture.result!);
  });

  it("attention, with and without bias", async () => {
    const fixture = fixtures.attention as Record<string, Numbers>;
    const program = new Program("attention");
    const query = program.input("query", "float32", ["batch", "queries", 16]);
    const key = program.input("key", "float32", ["batch", "keys", 16]);
    const value = program.input("value", "float32", ["batch", "keys", 16]);
    const bias = program.input("bias", "float32", ["batch", 1, "queries", "keys"]);
    program.output("plain", multiHeadAttention(query, key, value, 2));
    program.output("biased", multiHeadAttention(query, key, value, 2, { bias }));
    const names = ["query", "key", "value", "bias"];
    const outputs = await runProgram(
      program,
      Object.fromEntries(names.map((name) => [name, tensor(fixture[name]!)])),
    );
    expectClose(outputs.plain!, fixture.plain!);
    expectClose(outputs.biased!, fixture.biased!);
  });

  for (const fixture of fixtures.rotary) {
    const kind = fixture.interleaved ? "interleaved" : "in halves";
    it(`rotary positions of ${fixture.turned} of 8, ${kind}`, async () => {
      const program = new Program("rotary");
      const x = program.input("x", "float32", [2, 3, 16]);
      const positions = program.input("positions", "int64", [2, 3]);
      const tables = {
        cosine: constant(program, "cosine", fixture.cosine),
        sine: constant(program, "sine", fixture.sine),
      };
      const turnedWidth = fixture.turned === 8 ? undefined : fixture.turned;
      const options = { heads: 2, interleaved: fixture.interleaved, turnedWidth };
      program.output("y", rotaryEmbedding(x, positions, tables, options));
      const { y } = await runProgram(program, {
        x: tensor(fixture.x),
        positions: { data: BigInt64Array.from(fixture.positions.flat(), BigInt), shape: [2, 3] },
      });
      expectClose(y!, fixture.result);
    });
  }

  it("grouped queries over caches of different length, prompt and steps", async () => {
    const { heads, keyHeads, width, lengths, ...fixture } = fixtures.groupedQueries;
    const capacity = 8;
    const program = new Program("grouped-queries");
    const part = (name: string, count: number) =>
      program.input(name, "float32", ["rows", "tokens", count * width]);
    const cache = (name: string) => program.input(name, "float32", ["rows", keyHeads, capacity, width]);
    const { attended, present } = groupedQueryAttention(
      {
        query: part("query", heads),
        key: part("key", keyHeads),
        value: part("value", keyHeads),
        past: { key: cache("past_key"), value: cache("past_value") },
        lengths: program.input("lengths", "int32", ["rows"]),
        total: program.input("total", "int32", [1]),
      },
      { queries: heads, keys: keyHeads },
      {
        rotary: {
          cosine: constant(program, "cosine", fixture.cosine),
          sine: constant(program, "sine", fixture.sine),
          interleaved: false,
        },
      },
    );
    program.output("attended", attended);
    program.output("present_key", present.key);
    program.output("present_value", present.value);

    let pastKey = new Float32Array(2 * keyHeads * capacity * width);
    let pastValue = pastKey.slice();
    const longest = Math.max(...lengths);
    const all = fixture.query.shape[1] as number;
    const run = async (from: number, to: number, newLengths: number[]) => {
      const cut = ({ shape, values }: Numbers) => {
        const size = shape[2]!;
        const rows = [0, 1].map((row) => values.slice((row * all + from) * size, (row * all + to) * size));
        return tensor({ shape: [2, to - from, size], values: rows.flat() });
      };
      const cacheShape = [2, keyHeads, capacity, width];
      const outputs = await runProgram(program, {
        query: cut(fixture.query),
        key: cut(fixture.key),
        value: cut(fixture.value),
        past_key: { data: pastKey, shape: cacheShape },
        past_value: { data: pastValue, shape: cacheShape },
        lengths: { data: Int32Array.from(newLengths, (length) => length - 1), shape: [2] },
        total: { data: Int32Array.of(Math.max(...newLengths)), shape: [1] },
      });
      pastKey = outputs.present_key!.data as Float32Array<ArrayBuffer>;
      pastValue = outputs.present_value!.data as Float32Array<ArrayBuffer>;
      return outputs.attended!.data;
    };
    const size = heads * width;
    const prompt = await run(0, longest, lengths);
    for (const row of [0, 1]) {
      const start = row * longest * size;
      const data = prompt.subarray(start, start + lengths[row] * size);
      expectClose({ data, shape: [lengths[row], size] }, fixture.prompt[row]);
    }
    for (const step of [0, 1]) {
      const newLengths = lengths.map((length: number) => length + step + 1);
      const attendedNow = await run(longest + step, longest + step + 1, newLengths);
      for (const row of [0, 1]) {
        const data = attendedNow.subarray(row * size, (row + 1) * size);
        expectClose({ data, shape: [size] }, fixture.steps[step][row]);
      }
    }
  });
});
