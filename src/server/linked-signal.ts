/**
 * Signals that follow one which lives as long as the server. Not `AbortSignal.any`: Node 20 keeps everything that it made
 * for as long as its sources live (2 kB for each request).
 */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
}

/** Aborts with `source`, after a time, or when asked, until it is disposed. */
export function linkedSignal(source: AbortSignal, milliseconds?: number): LinkedSignal {
  const controller = new AbortController();
  const follow = () => controller.abort(source.reason);
  if (source.aborted) follow();
  else source.addEventListener("abort", follow, { once: true });
  const timer =
    milliseconds === undefined
      ? undefined
      : setTimeout(
          () => controller.abort(new Error(`took longer than ${milliseconds / 1000} s`)),
          milliseconds,
        );
  timer?.unref();
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]() {
      clearTimeout(timer);
      source.removeEventListener("abort", follow);
    },
  };
}
