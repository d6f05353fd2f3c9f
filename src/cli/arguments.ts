/**
 * Values of options that several commands share.
 */
import { InvalidArgumentError } from "commander";

/** For options that can be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

export function parseLanguage(value: string): string {
  const code = value.toLowerCase();
  if (!/^[a-z]{2,3}$/.test(code)) throw new InvalidArgumentError("Expected a code such as en or zh.");
  return code;
}

export function parseCount(smallest: number, largest: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (!/^\d+$/.test(value) || count < smallest || count > largest) {
      throw new InvalidArgumentError(`Expected a whole number from ${smallest} to ${largest}.`);
    }
    return count;
  };
}
