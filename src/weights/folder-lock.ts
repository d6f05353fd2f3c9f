/**
 * One process at a time may change a model's folder.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";
import { GlossaError } from "../errors.ts";

/** A lock that was not refreshed for so long belongs to a process that is gone; it is taken over. */
const staleMilliseconds = 10_000;
const pollMilliseconds = 200;

/**
 * Waits for the lock on `folder`, which must exist, and runs `work` with it.
 * @param work gets a signal that aborts when the caller's does, or when the lock is lost
 */
export async function withFolderLock<T>(
  folder: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const release = await acquire(folder, lost, signal);
  try {
    return await work(signal ? AbortSignal.any([signal, lost.signal]) : lost.signal);
  } finally {
    // Nothing to release when the lock was lost or the folder was deleted.
    await release().catch(() => undefined);
  }
}

async function acquire(
  folder: string,
  lost: AbortController,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await lockfile.lock(folder, {
        lockfilePath: join(folder, ".lock"),
        stale: staleMilliseconds,
        onCompromised: (cause) =>
          lost.abort(
            new GlossaError(
              "model-unavailable",
              `Another process took over ${folder} because this one stood still for too long; try again.`,
              { cause },
            ),
          ),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    }
    await sleep(pollMilliseconds, undefined, { signal });
  }
}
