/**
 * Live sessions within a recognition process.
 */
import type { Term } from "../../context/term.ts";
import type { LiveRecognition } from "../../recognise/live.ts";
import type { Recogniser } from "../../recognise/recogniser.ts";
import { described } from "./described-error.ts";
import type { FromWorker, LiveTask, ToWorker } from "./messages.ts";

interface Session {
  readonly live: Promise<LiveRecognition>;
  readonly aborting: AbortController;
  queue: Promise<void>;
}

type Borrow = (model: string) => Promise<Disposable & { readonly value: Recogniser }>;

type Message = Exclude<ToWorker, { type: "load" | "recognise" | "cancel" }>;

export class LiveTasks {
  readonly #borrow: Borrow;
  readonly #termsOf: (file: string | null) => Promise<readonly Term[]>;
  readonly #send: (message: FromWorker) => void;
  readonly #sessions = new Map<string, Session>();

  constructor(
    borrow: Borrow,
    termsOf: (file: string | null) => Promise<readonly Term[]>,
    send: (message: FromWorker) => void,
  ) {
    this.#borrow = borrow;
    this.#termsOf = termsOf;
    this.#send = send;
  }

  take(message: Message): void {
    if (message.type === "listen") return void this.#run(message.task);
    const session = this.#sessions.get(message.id);
    if (!session) return;
    // One after the other: audio must not overtake a list of terms that is being read.
    session.queue = session.queue.then(async () => {
      const live = await session.live;
      switch (message.type) {
        case "audio":
          return live.push(message.samples);
        case "finalise":
          return live.finalise();
        case "end":
          return live.end();
        case "terms":
          return live.replaceTerms(await this.#termsOf(message.termsFile));
      }
    });
    session.queue.catch((error: unknown) => session.aborting.abort(error));
  }

  cancel(id: string): void {
    this.#sessions.get(id)?.aborting.abort(new Error("The session was closed."));
  }

  async #run(task: LiveTask): Promise<void> {
    const aborting = new AbortController();
    const borrowing = this.#borrow(task.model);
    const start = async () =>
      (await borrowing).value.live({
        language: task.language ?? undefined,
        terms: await this.#termsOf(task.termsFile),
        endpointSeconds: task.endpointSeconds,
        partials: task.partials,
        signal: aborting.signal,
      });
    const live = start();
    this.#sessions.set(task.id, { live, aborting, queue: Promise.resolve() });
    try {
      for await (const event of (await live).events()) this.#send({ type: "event", id: task.id, event });
    } catch (error) {
      this.#send({ type: "failed", id: task.id, ...described(error) });
    } finally {
      this.#sessions.delete(task.id);
      (await borrowing.catch(() => null))?.[Symbol.dispose]();
    }
  }
}
