/**
 * Waiting that ends as soon as the user interrupts, even where the work underneath takes a moment to notice.
 */

/** The promise's result, or the signal's reason thrown as soon as it aborts. */
export async function untilAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    // Whatever the work says once nobody waits for it is of no interest.
    promise.then(undefined, () => {});
  }
}
