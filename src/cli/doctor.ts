/**
 * `glossa doctor`: what is installed, what is missing, and how fast this machine is.
 */
import { execFile } from "node:child_process";
import { access, constants, stat, statfs } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { resolveDataFolder } from "../server/data-place.ts";
import { resolveCacheFolder } from "../weights/cache-folder.ts";
import { isRecogniser } from "../weights/manifest.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { formatBytes } from "./quantities.ts";
import { Screen } from "./screen.ts";
import { packageVersion } from "./version.ts";

/** The options as the command line names them. */
export interface DoctorOptions {
  json?: boolean;
  speed?: boolean;
  cache?: string;
  data?: string;
  verbose?: boolean;
}

interface Finding {
  readonly name: string;
  /** `missing` stops something that people may want; `broken` stops everything. */
  readonly state: "ok" | "missing" | "broken";
  readonly detail: string;
}

const run = promisify(execFile);
const leastFreeBytes = 2 * 1024 ** 3;
/** What is recognised to measure the speed: a voice that says nothing costs as much to encode as any. */
const speedSeconds = 20;

export async function doctor(options: DoctorOptions, environment: Environment): Promise<number> {
  const screen = new Screen(environment, options);
  const findings: Finding[] = [
    {
      name: "glossa",
      state: "ok",
      detail: `${packageVersion()}, Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
    },
    {
      name: "machine",
      state: "ok",
      detail: `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${formatBytes(totalmem())} of memory`,
    },
    await engine(),
    await ffmpeg(),
    await folder("model cache", resolveCacheFolder(options.cache)),
    await folder("data folder", resolveDataFolder(options.data)),
    await models(options, environment),
  ];
  if (options.speed !== false) findings.push(await speed(options, environment));
  if (options.json) await screen.print(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    const width = Math.max(...findings.map(({ name }) => name.length));
    for (const { name, state, detail } of findings) {
      await screen.print(`${state.padEnd(7)}  ${name.padEnd(width)}  ${detail}\n`);
    }
  }
  return findings.some(({ state }) => state === "broken") ? exitCodes.failure : exitCodes.success;
}

async function engine(): Promise<Finding> {
  try {
    const { listSupportedBackends, env } = await import("onnxruntime-node");
    const backends = listSupportedBackends().map(({ name }) => name);
    return {
      name: "ONNX Runtime",
      state: "ok",
      detail: `${env.versions.node ?? env.versions.common}; built for ${backends.join(", ")}`,
    };
  } catch (error) {
    return { name: "ONNX Runtime", state: "broken", detail: messageOf(error) };
  }
}

async function ffmpeg(): Promise<Finding> {
  try {
    const { stdout } = await run("ffmpeg", ["-version"], { timeout: 10_000 });
    return { name: "ffmpeg", state: "ok", detail: stdout.split("\n")[0]!.slice(0, 100) };
  } catch {
    return {
      name: "ffmpeg",
      state: "missing",
      detail: "needed for video, M4A, AAC and WebM; WAV, MP3, FLAC, Ogg and Opus work without it",
    };
  }
}

async function folder(name: string, path: string): Promise<Finding> {
  try {
    const there = await nearestThere(path);
    await access(there, constants.W_OK);
    const { bavail, bsize } = await statfs(there);
    const free = bavail * bsize;
    const few = free < leastFreeBytes;
    return {
      name,
      state: few ? "missing" : "ok",
      detail: `${path}${there === path ? "" : " (not there yet)"}, ${formatBytes(free)} free${few ? "; that is little" : ""}`,
    };
  } catch (error) {
    return { name, state: "broken", detail: `${path}: ${messageOf(error)}` };
  }
}

/** The folder, or the one above it that there is: whoever looks changes nothing. */
async function nearestThere(path: string): Promise<string> {
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && dirname(path) !== path) return null;
    throw error;
  });
  if (status && !status.isDirectory()) throw new Error("is no folder");
  return status ? path : nearestThere(dirname(path));
}

async function models(options: DoctorOptions, environment: Environment): Promise<Finding> {
  const known = await environment.models.list({ cacheFolder: options.cache });
  const cached = known.filter(({ isCached }) => isCached).map(({ manifest }) => manifest.id);
  return cached.length > 0
    ? { name: "models", state: "ok", detail: `in the cache: ${cached.join(", ")}` }
    : {
        name: "models",
        state: "missing",
        detail: "none in the cache; the first use fetches one, or `glossa models pull whisper-small`",
      };
}

/** Recognises some seconds of noise with the smallest model that is there. */
async function speed(options: DoctorOptions, environment: Environment): Promise<Finding> {
  const name = "speed";
  const known = await environment.models.list({ cacheFolder: options.cache });
  const recognisers = known
    .filter(({ isCached, manifest }) => isCached && isRecogniser(manifest))
    .sort((a, b) => a.bytes - b.bytes);
  const model = recognisers[0]?.manifest.id;
  if (model === undefined) return { name, state: "missing", detail: "not measured: no model in the cache" };
  try {
    await using recogniser = await environment.createRecogniser({
      model,
      offline: true,
      cacheFolder: options.cache,
      signal: environment.signal,
    });
    const samples = Float32Array.from(
      { length: speedSeconds * 16_000 },
      (_, i) => 0.1 * Math.sin(i / 9) * Math.sin(i / 2500),
    );
    const recognise = async () => {
      const events = recogniser.stream(
        { samples, sampleRate: 16_000 },
        { voiceActivity: false, temperatures: [0], signal: environment.signal },
      );
      for await (const event of events) if (event.type === "transcript") return;
    };
    // The first run warms the engine up.
    await untilAborted(recognise(), environment.signal);
    const started = performance.now();
    await untilAborted(recognise(), environment.signal);
    const factor = speedSeconds / ((performance.now() - started) / 1000);
    return { name, state: "ok", detail: `${model}: ${factor.toFixed(1)}× real time` };
  } catch (error) {
    if (environment.signal.aborted) throw error;
    return { name, state: "broken", detail: `${model}: ${messageOf(error)}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
