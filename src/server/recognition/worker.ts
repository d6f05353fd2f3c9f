/**
 * The recognition process: loads models, and works on recordings and live sessions that the server sends. A crash of the
 * engine ends this process and not the server.
 */
import { readFile } from "node:fs/promises";
import type { Term } from "../../context/term.ts";
import { GlossaError } from "../../errors.ts";
import type { LoadOptions } from "../../recognise/options.ts";
import type { Recogniser } from "../../recognise/recogniser.ts";
import type { FromWorker, RecordingTask, ToWorker } from "./messages.ts";
import { described } from "./described-error.ts";
import { LiveTasks } from "./live-tasks.ts";
import { Turns } from "./turns.ts";

/** Models that are kept loaded; the one that was used longest ago goes first. */
const mostModels = 2;
/** Lists of terms that are kept prepared. */
const mostTermLists = 8;

/** What the process needs of the library; tests bring their own. */
export type CreateRecogniser = (options: LoadOptions) => Promise<Recogniser>;

/**
 * Serves the parent process until it goes away.
 *
 * @param options how models are loaded
 */
export function runWorker(createRecogniser: CreateRecogniser, options: LoadOptions): void {
  const send = (message: FromWorker) => {
    // Without a listener for errors, a parent that is going away would make this process fail loudly.
    if (process.connected) process.send!(message, undefined, undefined, () => {});
  };
  const recognisers = new Recognisers(createRecogniser, options);
  const turns = new Turns();
  const running = new Map<string, AbortController>();
  const live = new LiveTasks((id) => recognisers.borrow(id), termsOf, send);

  const recognise = async (task: RecordingTask) => {
    const aborting = new AbortController();
    running.set(task.id, aborting);
    let hasTurn = false;
    const takeTurn = async () => {
      await turns.take(task.isUrgent);
      hasTurn = true;
      aborting.signal.throwIfAborted();
      send({ type: "turn", id: task.id });
    };
    const giveTurn = () => {
      hasTurn = false;
      turns.give();
    };
    try {
      await takeTurn();
      using recogniser = await recognisers.borrow(task.model);
      const terms = await termsOf(task.termsFile);
      const stream = recogniser.value.stream(task.path, { ...task.options, terms, signal: aborting.signal });
      for await (const event of stream) {
        send({ type: "event", id: task.id, event });
        if (event.type === "progress" || event.type === "checkpoint") {
          giveTurn();
          await takeTurn();
        }
      }
    } catch (error) {
      send({ type: "failed", id: task.id, ...described(error) });
    } finally {
      if (hasTurn) giveTurn();
      running.delete(task.id);
    }
  };

  process.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "load":
        void recognisers.get(message.model).then(
          ({ model: id, languages }) => send({ type: "loaded", model: message.model, id, languages }),
          (error: unknown) => send({ type: "load-failed", model: message.model, ...described(error) }),
        );
        return;
      case "recognise":
        void recognise(message.task);
        return;
      case "cancel":
        running.get(message.id)?.abort(new GlossaError("invalid-argument", "The recognition was cancelled."));
        live.cancel(message.id);
        return;
      default:
        live.take(message);
    }
  });
  // Whatever is unfinished is in the database of the server, which starts another process.
  process.on("disconnect", () => process.exit(0));
  // The server decides when to stop; an interrupt at the terminal reaches all processes.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
}

class Recognisers {
  readonly #create: CreateRecogniser;
  readonly #options: LoadOptions;
  readonly #loaded = new Map<string, { recogniser: Promise<Recogniser>; users: number }>();

  constructor(create: CreateRecogniser, options: LoadOptions) {
    this.#create = create;
    this.#options = options;
  }

  async get(model: string): Promise<Recogniser> {
    return this.#entry(model).recogniser;
  }

  /** The recogniser is kept loaded at least until the result is disposed. */
  async borrow(model: string): Promise<Disposable & { readonly value: Recogniser }> {
    const entry = this.#entry(model);
    entry.users++;
    try {
      const value = await entry.recogniser;
      return { value, [Symbol.dispose]: () => entry.users-- };
    } catch (error) {
      entry.users--;
      throw error;
    }
  }

  #entry(model: string): { recogniser: Promise<Recogniser>; users: number } {
    const known = this.#loaded.get(model);
    // The order of a Map is that of insertion: the first was used longest ago.
    this.#loaded.delete(model);
    const entry = known ?? { recogniser: this.#create({ ...this.#options, model }), users: 0 };
    this.#loaded.set(model, entry);
    if (!known) {
      // A failed load is tried again the next time.
      entry.recogniser.catch(() => {
        if (this.#loaded.get(model) === entry) this.#loaded.delete(model);
      });
      for (const [name, { recogniser, users }] of this.#loaded) {
        if (this.#loaded.size <= mostModels) break;
        if (users > 0 || name === model) continue;
        this.#loaded.delete(name);
        void recogniser.then((unused) => unused[Symbol.asyncDispose]()).catch(() => {});
      }
    }
    return entry;
  }
}

const termLists = new Map<string, Promise<readonly Term[]>>();

/** The same file gives the same array, so that the recogniser prepares it once. */
function termsOf(file: string | null): Promise<readonly Term[]> {
  if (file === null) return Promise.resolve([]);
  let list = termLists.get(file);
  if (!list) {
    list = readFile(file, "utf8").then((text) => JSON.parse(text) as Term[]);
    list.catch(() => termLists.delete(file));
    if (termLists.size >= mostTermLists) termLists.delete(termLists.keys().next().value!);
  } else termLists.delete(file);
  termLists.set(file, list);
  return list;
}
