import { describe, expect, it } from "vitest";
import { knownModels } from "./known-models.ts";
import { modelManifestSchema, parseManifest, parseSource } from "./manifest.ts";
import { manifestOf, modelFile } from "./testing/weights-fixtures.ts";

describe("parseSource", () => {
  it("reads npm sources with and without scope and conversion", () => {
    expect(parseSource("npm:@scope/name@1.2.3/dist/a.onnx")).toEqual({
      type: "npm",
      package: "@scope/name",
      version: "1.2.3",
      path: "dist/a.onnx",
    });
    expect(parseSource("npm:name@1.0.0-beta.1/a.js#moonshine-tokenizer")).toEqual({
      type: "npm",
      package: "name",
      version: "1.0.0-beta.1",
      path: "a.js",
      conversion: "moonshine-tokenizer",
    });
  });

  it("reads hub and file sources", () => {
    expect(parseSource("hf:owner/repo@main/onnx/a.onnx")).toEqual({
      type: "hf",
      repository: "owner/repo",
      revision: "main",
      path: "onnx/a.onnx",
    });
    expect(parseSource("file:/models/a.onnx")).toEqual({ type: "file", path: "/models/a.onnx" });
  });

  it.each(["", "a.onnx", "npm:name/a", "npm:name@1.0.0", "npm:a@1/b#unknown", "hf:repo@main/a", "file:a"])(
    "refuses %j",
    (source) => expect(parseSource(source)).toBeNull(),
  );
});

describe("parseManifest", () => {
  it("gives back what was written", () => {
    const manifest = manifestOf([modelFile("a.onnx", Buffer.from("a"), ["file:/a"])]);
    expect(parseManifest(JSON.stringify(manifest), "m.json")).toEqual(manifest);
  });

  it("names the file and the field that is wrong", () => {
    const manifest = manifestOf([{ ...modelFile("a.onnx", Buffer.from("a")), sha256: "abc" }]);
    expect(() => parseManifest(JSON.stringify(manifest), "m.json")).toThrow(/m\.json.*files\.0\.sha256/);
    expect(() => parseManifest("{", "m.json")).toThrow(/m\.json is not valid JSON/);
  });

  it.each(["../a", "a/b", ".verified.json", ""])("refuses the file name %j", (name) => {
    const manifest = manifestOf([modelFile(name, Buffer.from("a"))]);
    expect(() => parseManifest(JSON.stringify(manifest), "m.json")).toThrow(/files\.0\.name/);
  });
});

describe("knownModels", () => {
  it("are valid manifests with different names", () => {
    for (const model of knownModels) expect(modelManifestSchema.parse(model)).toEqual(model);
    expect(new Set(knownModels.map(({ id }) => id)).size).toBe(knownModels.length);
  });

  it("come from the npm registry first", () => {
    for (const { sources } of knownModels.flatMap(({ files }) => files)) {
      expect(parseSource(sources[0]!)?.type).toBe("npm");
    }
  });
});
