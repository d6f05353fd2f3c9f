/** Choices kept in this browser. Where storage is forbidden they last as long as the page. */

export function readStored<T>(name: string, fallback: T): T {
  try {
    const stored = localStorage.getItem(`glossa.${name}`);
    return stored === null ? fallback : (JSON.parse(stored) as T);
  } catch {
    return fallback;
  }
}

export function writeStored(name: string, value: unknown): void {
  try {
    localStorage.setItem(`glossa.${name}`, JSON.stringify(value));
  } catch {
    // Full or forbidden: the choice holds until the page is closed.
  }
}
