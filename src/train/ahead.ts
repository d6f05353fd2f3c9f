/** The same, with the next one being prepared while this one is used. */
export async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  const request = () => {
    const next = iterator.next();
    // An error counts when its turn comes.
    next.catch(() => {});
    return next;
  };
  let next = request();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = request();
      yield value;
    }
  } finally {
    // One that waits for something that never comes is not waited for.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
