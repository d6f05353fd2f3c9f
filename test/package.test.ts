/**
 * The package as users get it: packed, unpacked into a project, and used from there.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { x as extract } from "tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isCached } from "./cached-models.ts";
import { readDocument, root } from "./markdown.ts";
import { publicExports } from "./public-api.ts";

const run = promisify(execFile);
/** Not the shared checkout: packing builds, and building begins with an empty `dist/`. */
let folder: string;
let installed: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-package-"));
  const source = join(folder, "source");
  const left = new Set(["node_modules", "dist", ".git", "bench", "coverage", "runs", "tmp"]);
  await mkdir(source);
  for (const name of await readdir(root)) {
    if (!left.has(name)) await cp(join(root, name), join(source, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(source, "node_modules"), "junction");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  await run(npm, ["pack", "--pack-destination", folder], { cwd: source });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  installed = join(folder, "project/node_modules/glossa");
  await mkdir(installed, { recursive: true });
  await extract({ file: join(folder, tarball!), cwd: installed, strip: 1 });
  files = (await readdir(installed, { recursive: true })).map((file) => file.replaceAll("\\", "/"));
  await symlink(join(root, "node_modules"), join(installed, "node_modules"), "junction");
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a module in the project that has Glossa installed, and returns what it prints. */
async function runModule(code: string, ...args: string[]): Promise<string> {
  const file = join(folder, "project/main.mjs");
  await writeFile(file, code);
  const { stdout } = await run(process.execPath, [file, ...args], { cwd: root });
  return stdout;
}

describe("the package", () => {
  it("holds what users need", () => {
    expect(files).toEqual(
      expect.arrayContaining([
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "dist/cli/main.js",
        "dist/index.d.ts",
        "dist/index.js",
        "dist/web/index.html",
        "docs/library.md",
        "models/letters-moonshine-base/head.onnx",
        "models/letters-whisper-base/head.onnx",
        "models/letters-whisper-small/head.onnx",
        "examples/talk.ogg",
        "examples/terms.txt",
        "package.json",
        "schemas/transcript.schema.json",
      ]),
    );
  });

  it("holds nothing that only we need", () => {
    const ours = /(?:^|\/)(?:fixtures|testing|test|bench|tools|src|\.ci)(?:\/|$)|\.test\.|\.npmrc|tsconfig/;
    expect(files.filter((file) => ours.test(file))).toEqual([]);
  });

  it("exports its values, its schema and itself", async () => {
    const values = publicExports(join(root, "src/index.ts")).filter(({ kind }) => kind === "value");
    const printed = await runModule(`
      import * as glossa from "glossa";
      import schema from "glossa/schemas/transcript.schema.json" with { type: "json" };
      import manifest from "glossa/package.json" with { type: "json" };
      console.log(JSON.stringify([Object.keys(glossa), schema.type, manifest.name]));
    `);
    const names = values.map(({ name }) => name);
    expect(JSON.parse(printed)).toEqual([expect.arrayContaining(names), "object", "glossa"]);
    expect((JSON.parse(printed) as [string[]])[0]).toHaveLength(names.length);
  });

  it("brings the command `glossa`", async () => {
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    const { stdout } = await run(process.execPath, [join(installed, "dist/cli/main.js"), "--version"]);
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it.skipIf(!isCached("whisper-tiny"))(
    "runs the sample of the README (needs whisper-tiny in the cache)",
    async () => {
      const sample = readDocument("README.md").blocks.find(({ language }) => language === "ts")!.code;
      const printed = await runModule(
        sample.replace("{ terms:", '{ model: "whisper-tiny", offline: true, terms:'),
      );
      expect(printed).toContain("Qwen2-VL with LoRA");
      expect(printed).toContain("QLoRA written");
    },
    120_000,
  );
});
