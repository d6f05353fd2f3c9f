/**
 * A recognition process as the server sees it: started, watched, started again when it dies; tasks go in, events come out.
 */
import { fork, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { constants, getPriority, setPriority } from "node:os";
import { GlossaError, type GlossaErrorCode } from "../../errors.ts";
import type { LoadOptions } from "../../recognise/options.ts";
import type { FromWorker, ToWorker, WorkerEvent } from "./messages.ts";

/** A process that died. The server puts the work back; only the task that had the turn is to blame. */
export class WorkerCrash extends Error {
  override readonly name = "WorkerCrash";
  readonly isToBlame: boolean;

  constructor(isToBlame: boolean, how: string) {
    super(`The recognition process ended unexpectedly (${how}).`);
    this.isToBlame = isToBlame;
  }
}

export interface WorkerProcessOptions {
  /** The module that the process runs. */
  readonly file: URL;
  /** Options for Node, such as a loader for TypeScript. */
  readonly execArgv?: readonly string[];
  readonly load: LoadOptions;
  /** What is added to the niceness of the server: more lets others go first. */
  readonly niceness: number;
  /** A turn that gives no sign of life for so long ends the process. Default 15 minutes. */
  readonly turnMilliseconds?: number;
}

interface OpenTask {
  readonly onEvent: (event: WorkerEvent) => void;
  readonly onEnd: (error: Error | null) => void;
}

interface Events {
  loaded: [model: string, languages: readonly string[]];
  loadFailed: [model: string, error: Error];
  crash: [how: string];
}

/** After so many crashes in a row without any result, something is wrong with the machine or the model. */
const mostCrashesInARow = 5;

export class WorkerProcess extends EventEmitter<Events> implements AsyncDisposable {
  readonly #options: WorkerProcessOptions;
  readonly #tasks = new Map<string, OpenTask>();
  #child: ChildProcess | null = null;
  #turn: string | null = null;
  #watch: NodeJS.Timeout | null = null;
  #crashesInARow = 0;
  #isStopping = false;

  constructor(options: WorkerProcessOptions) {
    super();
    this.#options = options;
  }

  get openTasks(): number {
    return this.#tasks.size;
  }

  /** How often it has crashed since it last gave a result. */
  get crashesInARow(): number {
    return this.#crashesInARow;
  }

  /** Whether it does not crash all the time. */
  get isHealthy(): boolean {
    return this.#crashesInARow < mostCrashesInARow;
  }

  get processIdentifier(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Loads a model ahead of the first task; `loaded` or `loadFailed` tells how it went. */
  load(model: string): void {
    this.#send({ type: "load", model });
  }

  /** Starts a task. `onEnd` is called once, with the error if there is one. */
  start(id: string, message: ToWorker, task: OpenTask): void {
    if (this.#isStopping) {
      task.onEnd(new WorkerCrash(false, "the server stops"));
      return;
    }
    this.#tasks.set(id, task);
    this.#send(message);
  }

  /** Anything about a task that was started. */
  tell(message: ToWorker): void {
    // A task that has ended in the meantime needs to be told nothing.
    if (this.#child && (!("id" in message) || this.#tasks.has(message.id))) this.#send(message);
  }

  /** Ends the process without waiting for its work. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#unwatch();
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    // Whoever waits for them has files to clear away.
    for (const task of tasks) task.onEnd(new WorkerCrash(false, "the server stops"));
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await gone;
  }

  #send(message: ToWorker): void {
    if (this.#isStopping) return;
    const child = (this.#child ??= this.#launch());
    child.send(message, (error) => {
      // A broken channel is followed by the exit, which ends the tasks.
      if (error) child.kill("SIGKILL");
    });
  }

  #launch(): ChildProcess {
    const { file, execArgv, load, niceness } = this.#options;
    const child = fork(file, [], {
      execArgv: [...(execArgv ?? process.execArgv)],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, GLOSSA_WORKER: JSON.stringify(load) },
    });
    try {
      // On top of the server's own: it must not be the one that waits.
      const nice = Math.min(constants.priority.PRIORITY_LOW, getPriority() + niceness);
      if (child.pid !== undefined) setPriority(child.pid, nice);
    } catch {
      // Priorities are a courtesy; without the right to set them everything works, less smoothly.
    }
    child.on("message", (message) => this.#take(message as FromWorker));
    child.on("error", (error) => this.#crashed(child, error.message));
    child.on("exit", (code, signal) => this.#crashed(child, signal ?? `exit code ${code}`));
    return child;
  }

  #take(message: FromWorker): void {
    switch (message.type) {
      case "loaded":
        this.#crashesInARow = 0;
        this.emit("loaded", message.model, message.languages);
        return;
      case "load-failed":
        this.emit("loadFailed", message.model, errorOf(message));
        return;
      case "turn":
        this.#turn = message.id;
        this.#rewatch();
        return;
      case "event":
        this.#crashesInARow = 0;
        this.#rewatch();
        try {
          this.#tasks.get(message.id)?.onEvent(message.event);
        } catch (error) {
          // Such as a full disk: the task cannot go on, the server can.
          this.tell({ type: "cancel", id: message.id });
          this.#end(message.id, error as Error);
          return;
        }
        if (message.event.type === "transcript") this.#end(message.id, null);
        return;
      case "failed":
        this.#end(message.id, errorOf(message));
    }
  }

  #end(id: string, error: Error | null): void {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    if (this.#turn === id) {
      this.#turn = null;
      this.#unwatch();
    }
    task?.onEnd(error);
  }

  #crashed(child: ChildProcess, how: string): void {
    if (child !== this.#child) return;
    this.#child = null;
    this.#unwatch();
    const blamed = this.#turn;
    this.#turn = null;
    const tasks = [...this.#tasks];
    this.#tasks.clear();
    if (this.#isStopping) return;
    this.#crashesInARow++;
    for (const [id, task] of tasks) task.onEnd(new WorkerCrash(id === blamed || tasks.length === 1, how));
    this.emit("crash", how);
  }

  #rewatch(): void {
    this.#unwatch();
    // Live sessions have no turns: they may be silent for as long as they like.
    if (this.#turn === null) return;
    this.#watch = setTimeout(
      () => this.#child?.kill("SIGKILL"),
      this.#options.turnMilliseconds ?? 15 * 60_000,
    );
    this.#watch.unref();
  }

  #unwatch(): void {
    if (this.#watch) clearTimeout(this.#watch);
    this.#watch = null;
  }
}

function errorOf({ code, message }: { code: string; message: string }): Error {
  return code === "internal" ? new Error(message) : new GlossaError(code as GlossaErrorCode, message);
}
