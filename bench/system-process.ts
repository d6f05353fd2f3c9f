/**
 * A system in a process of its own, kept alive from round to round: two versions of ONNX Runtime never meet in one
 * process, and every system's memory is its own.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Reply, Request } from "./messages.ts";
import type { SystemDescription, SystemSettings } from "./systems/system.ts";

/** A system refused or its process ended. */
export class SystemFailure extends Error {}

export class SystemProcess implements Disposable {
  readonly description: SystemDescription;
  readonly #child: ChildProcess;
  #loadSeconds = 0;

  private constructor(description: SystemDescription) {
    this.description = description;
    this.#child = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), {
      execArgv: ["--import", "tsx"],
      serialization: "advanced",
      // What a library prints must not get into the results.
      stdio: ["ignore", 2, 2, "ipc"],
    });
  }

  /** @throws SystemFailure when the system cannot be loaded */
  static async start(description: SystemDescription, settings: SystemSettings): Promise<SystemProcess> {
    const started = new SystemProcess(description);
    try {
      const reply = await started.#ask({ type: "load", module: description.module, settings }, "loaded");
      started.#loadSeconds = reply.seconds;
      return started;
    } catch (failure) {
      started[Symbol.dispose]();
      throw failure;
    }
  }

  get name(): string {
    return this.description.name;
  }

  /** From the import of the library to the model ready for use. */
  get loadSeconds(): number {
    return this.#loadSeconds;
  }

  /** @throws SystemFailure */
  async transcribe(samples: Float32Array, language: string): Promise<{ text: string; seconds: number }> {
    return this.#ask({ type: "transcribe", samples, language }, "transcribed");
  }

  /** Most memory resident at once so far, in 10⁶ bytes. */
  async peakMemoryMegabytes(): Promise<number> {
    return (await this.#ask({ type: "measure-memory" }, "memory")).peakMegabytes;
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  #ask<Type extends Reply["type"]>(
    request: Request,
    expected: Type,
  ): Promise<Extract<Reply, { type: Type }>> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = () => {
        child.off("message", onMessage);
        child.off("exit", onExit);
        child.off("error", onError);
      };
      const fail = (reason: string) => {
        settle();
        reject(new SystemFailure(reason));
      };
      const onExit = (code: number | null, signal: string | null) =>
        fail(`its process ended (${signal ?? `exit code ${code}`})`);
      const onError = (error: Error) => fail(error.message);
      const onMessage = (reply: Reply) => {
        if (reply.type === "failed") return fail(reply.reason);
        settle();
        if (reply.type === expected) resolve(reply as Extract<Reply, { type: Type }>);
        else reject(new Error(`Expected "${expected}" from ${this.name}, got "${reply.type}".`));
      };
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.on("error", onError);
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
      else child.send(request);
    });
  }
}
