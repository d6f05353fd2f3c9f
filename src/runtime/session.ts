/**
 * ONNX Runtime sessions: a graph loaded on a device with a number of threads, run with named tensors.
 *
 * Nothing here knows what a graph computes. The engine is imported when the first session is made, so that
 * commands that need no model start at once.
 */
import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { GlossaError } from "../errors.ts";

export type { Tensor } from "onnxruntime-node";

/** Where graphs run. `cuda` and `webgpu` need the matching ONNX Runtime provider on the machine. */
export type Device = "cpu" | "cuda" | "webgpu";

export type Tensors = Record<string, Tensor>;

export interface SessionOptions {
  /** Default `cpu`. */
  device?: Device;
  /** Threads inside one operator; default: what the process may use, at most 8 (more seldom pays for speech models). */
  threads?: number;
}

/** One loaded graph. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph once.
   * @param outputs the outputs to return; those left out are not copied to JavaScript. As an object, tensors that the
   *   results are written into, or null for new ones; an output may be written into the memory of an input when the
   *   operator that gives it extends that input in place
   */
  run(
    feeds: Tensors,
    outputs?: readonly string[] | Readonly<Record<string, Tensor | null>>,
  ): Promise<Tensors>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Threads used when the user names none. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(8, availableParallelism()));
}

/**
 * Loads a graph.
 *
 * @param model path of an ONNX file, or its bytes
 * @throws GlossaError `runtime-failed` when the engine, the device or the graph refuses
 */
export async function createSession(
  model: string | Uint8Array,
  options: SessionOptions = {},
): Promise<OnnxSession> {
  const { InferenceSession } = await engine();
  const device = options.device ?? "cpu";
  const sessionOptions: InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: options.threads ?? defaultThreads(),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  };
  try {
    const session =
      typeof model === "string"
        ? await InferenceSession.create(model, sessionOptions)
        : await InferenceSession.create(model, sessionOptions);
    return new LoadedSession(session);
  } catch (cause) {
    const what = typeof model === "string" ? model : "the graph";
    const advice = device === "cpu" ? "" : ` The device "${device}" may not be there; try --device cpu.`;
    throw new GlossaError(
      "runtime-failed",
      `ONNX Runtime cannot load ${what}: ${messageOf(cause)}.${advice}`,
      {
        cause,
      },
    );
  }
}

class LoadedSession implements OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #session: InferenceSession;

  constructor(session: InferenceSession) {
    this.#session = session;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
  }

  async run(
    feeds: Tensors,
    outputs: readonly string[] | Readonly<Record<string, Tensor | null>> = this.outputNames,
  ): Promise<Tensors> {
    try {
      return (await this.#session.run(feeds, outputs as InferenceSession.FetchesType)) as Tensors;
    } catch (cause) {
      throw new GlossaError("runtime-failed", `ONNX Runtime failed: ${messageOf(cause)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

/** The version of ONNX Runtime, such as `1.30.0`. */
export async function engineVersion(): Promise<string> {
  const { env } = await engine();
  return env.versions.node ?? env.versions.common;
}

/** A float32 tensor over `data`, which is not copied. */
export async function tensorFactory(): Promise<TensorFactory> {
  const { Tensor } = await engine();
  return {
    float32: (data, shape) => new Tensor("float32", data, shape),
    int64: (values, shape) => new Tensor("int64", BigInt64Array.from(values, BigInt), shape),
    int32: (values, shape) => new Tensor("int32", Int32Array.from(values), shape),
    bool: (value) => new Tensor("bool", [value], [1]),
    // The constructor's overloads want literal types.
    typed: (type, data, shape) => new Tensor(type as "float32", data as Float32Array, shape),
  };
}

/** Makes the tensors that graphs are fed with. */
export interface TensorFactory {
  /** @param data row-major values, not copied */
  float32(data: Float32Array, shape: readonly number[]): Tensor;
  int64(values: ArrayLike<number> & Iterable<number>, shape: readonly number[]): Tensor;
  int32(values: ArrayLike<number> & Iterable<number>, shape: readonly number[]): Tensor;
  /** A `[1]` tensor. */
  bool(value: boolean): Tensor;
  /** @param data row-major values in the kind of array that belongs to the type, not copied */
  typed(
    type: Tensor.Type,
    data: Float32Array | BigInt64Array | Int32Array | Uint8Array,
    shape: readonly number[],
  ): Tensor;
}

async function engine(): Promise<typeof import("onnxruntime-node")> {
  // Since 1.29 the published Linux builds report sessions to Microsoft unless told not to before they are loaded.
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new GlossaError(
      "runtime-failed",
      `ONNX Runtime cannot be loaded on this machine (${process.platform} ${process.arch}): ${messageOf(cause)}`,
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\.$/, "");
}
