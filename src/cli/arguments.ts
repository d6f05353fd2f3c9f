/**
 * Options, and values of options, that several commands share.
 */
import { type Command, InvalidArgumentError, Option } from "commander";

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

/** Options of the commands that load a model: where it computes, where it comes from, how much is said. */
export function addEngineOptions(command: Command): Command {
  return command
    .option("--threads <count>", "threads of the engine (default: one a core)", parseCount(1, 1024))
    .addOption(
      new Option("--device <device>", "where to compute (default: cpu)").choices(["cpu", "cuda", "webgpu"]),
    )
    .option("--offline", "never touch the network")
    .option("--cache <folder>", "folder for models (default: GLOSSA_CACHE or the system's cache)")
    .option("--quiet", "no progress and notes; warnings and errors only")
    .option("--verbose", "say what is done, and show the stack of errors");
}
