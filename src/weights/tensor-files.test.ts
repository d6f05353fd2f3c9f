import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openGgml } from "./ggml.ts";
import { openSafetensors } from "./safetensors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-tensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function safetensors(header: object, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  return Buffer.concat([bytesOf(BigUint64Array.of(BigInt(text.length))), text, data]);
}

describe("safetensors", () => {
  it("are read as floats, from single, half and brain precision", async () => {
    // 1, −2.5, 2^−24 (the smallest half) and infinity; then 1 and −2 in brain precision.
    const data = Buffer.concat([
      bytesOf(Float32Array.of(1.5, -3)),
      bytesOf(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00)),
      bytesOf(Uint16Array.of(0x3f80, 0xc000)),
    ]);
    const header = {
      __metadata__: { format: "pt" },
      single: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      half: { dtype: "F16", shape: [2, 2], data_offsets: [8, 16] },
      brain: { dtype: "BF16", shape: [1, 2], data_offsets: [16, 20] },
      whole: { dtype: "I64", shape: [], data_offsets: [0, 8] },
    };
    using file = openSafetensors(await written("model.safetensors", safetensors(header, data)));
    expect(file.names).toEqual(["single", "half", "brain", "whole"]);
    expect(file.floats("single")).toEqual({ shape: [2], values: Float32Array.of(1.5, -3) });
    expect(file.floats("half")).toEqual({
      shape: [2, 2],
      values: Float32Array.of(1, -2.5, 2 ** -24, Infinity),
    });
    expect(file.floats("brain")).toEqual({ shape: [1, 2], values: Float32Array.of(1, -2) });
    expect(() => file.floats("whole")).toThrow("whole is stored as I64");
    expect(() => file.floats("absent")).toThrow("has no tensor absent");
  });

  it("that are broken are refused by name", async () => {
    const cut = safetensors({ a: { dtype: "F32", shape: [9], data_offsets: [0, 36] } }, new Uint8Array(8));
    using file = openSafetensors(await written("cut.safetensors", cut));
    expect(() => file.floats("a")).toThrow("cut.safetensors is cut off");
    const noise = await written("noise.safetensors", new Uint8Array(64).fill(255));
    expect(() => openSafetensors(noise)).toThrow("noise.safetensors is no safetensors file");
    const empty = await written("empty.safetensors", new Uint8Array());
    expect(() => openSafetensors(empty)).toThrow("empty.safetensors is cut off");
    expect(() => openSafetensors(join(folder, "absent"))).toThrow("absent cannot be read");
  });
});

describe("ggml files", () => {
  const tensor = (name: string, sizes: number[], type: number, data: Uint8Array) =>
    Buffer.concat([
      bytesOf(Int32Array.of(sizes.length, name.length, type, ...sizes)),
      new TextEncoder().encode(name),
      data,
    ]);
  const start = Buffer.concat([
    bytesOf(Int32Array.of(0x67676d6c, ...Array.from({ length: 11 }, (_, i) => i))),
    bytesOf(Int32Array.of(1, 2)),
    bytesOf(Float32Array.of(0.5, 0.25)),
    bytesOf(Int32Array.of(2, 1)),
    new TextEncoder().encode("a"),
    bytesOf(Int32Array.of(2)),
    new TextEncoder().encode("bc"),
  ]);

  it("are read with axes as PyTorch has them", async () => {
    const content = Buffer.concat([
      start,
      tensor("encoder.conv1.bias", [1, 2], 0, bytesOf(Float32Array.of(7, 8))),
      tensor("mlp.0.weight", [3, 2], 1, bytesOf(Uint16Array.of(0x3c00, 0, 0, 0, 0, 0xbc00))),
    ]);
    using file = openGgml(await written("ggml-model.bin", content));
    expect(file.floats("encoder.conv1.bias")).toEqual({ shape: [2], values: Float32Array.of(7, 8) });
    expect(file.floats("mlp.0.weight")).toEqual({
      shape: [2, 3],
      values: Float32Array.of(1, 0, 0, 0, 0, -1),
    });
  });

  it("that are quantised, cut off or something else are refused by name", async () => {
    const quantised = Buffer.concat([start, tensor("mlp.0.weight", [32], 2, new Uint8Array(18))]);
    const path = await written("q4.bin", quantised);
    expect(() => openGgml(path)).toThrow("mlp.0.weight is quantised (ggml type 2)");
    const cut = await written("cut.bin", start.subarray(0, 40));
    expect(() => openGgml(cut)).toThrow("cut.bin is cut off");
    const other = await written("other.bin", new Uint8Array(64));
    expect(() => openGgml(other)).toThrow("other.bin is no ggml file");
  });
});
