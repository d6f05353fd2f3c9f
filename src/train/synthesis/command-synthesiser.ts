/**
 * Any text-to-speech program as a synthesiser: `flite -voice {voice} -t {text} -o {out}`. No shell sees the command: it is split
 * into words here, and a text is always one argument, whatever it holds.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSamples } from "../../audio/read-samples.ts";
import { GlossaError } from "../../errors.ts";
import type { SpokenText, Synthesiser } from "./synthesiser.ts";

/** Longer than any voice takes for an utterance. */
const mostSeconds = 120;
/** Of what a program says about an error. */
const mostErrorCharacters = 500;

export interface CommandSynthesiserOptions {
  /** What stands for `{voice}`; one that has no name when the command has no place for it. */
  voices?: readonly string[];
  /** Languages it speaks, ISO 639-1; default: any. */
  languages?: readonly string[];
}

export class CommandSynthesiser implements Synthesiser {
  readonly name: string;
  readonly voices: readonly string[];
  readonly #words: readonly string[];
  readonly #languages: readonly string[] | null;
  #folder: Promise<string> | null = null;
  #count = 0;

  /**
   * @param command words with spaces between, quotes around those that hold spaces; `{text}`, `{out}`, `{voice}`, `{language}` and
   *   `{speed}` are filled in. Without `{text}` the text is given on standard input. `{out}` is where the program writes audio.
   * @throws GlossaError `invalid-argument` when the command has no `{out}`, or `{voice}` without voices
   */
  constructor(command: string, options: CommandSynthesiserOptions = {}) {
    this.#words = splitCommand(command);
    const { voices = [], languages } = options;
    if (this.#words.length === 0) throw new GlossaError("invalid-argument", "--command: there is no command");
    if (!command.includes("{out}")) {
      throw new GlossaError(
        "invalid-argument",
        `--command: ${command}: say with {out} where the program writes the audio, as in -o {out}`,
      );
    }
    if (command.includes("{voice}") && voices.length === 0) {
      throw new GlossaError("invalid-argument", "--command holds {voice}; name voices with --voice");
    }
    for (const [, name] of command.matchAll(/\{(\w*)\}/g)) {
      if (!["text", "out", "voice", "language", "speed"].includes(name!)) {
        throw new GlossaError(
          "invalid-argument",
          `--command: {${name}} stands for nothing; there are {text}, {out}, {voice}, {language} and {speed}`,
        );
      }
    }
    this.name = this.#words[0]!;
    this.voices = voices.length > 0 ? voices : ["default"];
    this.#languages = languages ?? null;
  }

  voicesOf(language: string): readonly string[] {
    return this.#languages === null || this.#languages.includes(language) ? this.voices : [];
  }

  async speak(
    text: string,
    {
      voice,
      language,
      speed,
      signal,
    }: { voice: string; language: string; speed: number; signal?: AbortSignal },
  ): Promise<SpokenText> {
    this.#folder ??= mkdtemp(join(tmpdir(), "glossa-speech-"));
    const out = join(await this.#folder, `${this.#count++}.wav`);
    const plain = text.replaceAll("\0", " ");
    const values: Record<string, string> = { text: plain, out, voice, language, speed: String(speed) };
    const args = this.#words.map((word) => {
      const filled = word.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!);
      // A text must not be taken for an option.
      return word === "{text}" && filled.startsWith("-") ? ` ${filled}` : filled;
    });
    const takesInput = !this.#words.some((word) => word.includes("{text}"));
    try {
      await run(args, takesInput ? plain : "", signal);
      const written = await stat(out).catch(() => null);
      if (written === null) {
        throw new GlossaError("runtime-failed", `${this.name} ended well, but wrote no audio to {out}`);
      }
      return { samples: await readSamples(out, { signal }), sampleRate: 16_000 };
    } finally {
      await rm(out, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== null) await rm(await this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }
}

/**
 * Words of a command as a shell would split them, without anything else that a shell does: no variables, no pipes.
 *
 * @throws GlossaError `invalid-argument` for a quote that does not end
 */
export function splitCommand(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (const character of command) {
    if (quote !== null) {
      if (character === quote) quote = null;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  if (quote !== null) {
    throw new GlossaError("invalid-argument", `--command: a ${quote} is not closed: ${command}`);
  }
  if (word !== null) words.push(word);
  return words;
}

async function run(
  [program, ...args]: string[],
  input: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const limit = AbortSignal.timeout(mostSeconds * 1000);
  const child = spawn(program!, args, {
    stdio: ["pipe", "ignore", "pipe"],
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    shell: false,
    windowsHide: true,
  });
  let errors = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    if (errors.length < mostErrorCharacters) errors += text;
  });
  // A program that does not read its input closes it.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const failure = await new Promise<Error | string | null>((resolve) => {
    child.on("error", resolve);
    child.on("close", (code, killedBy) => {
      resolve(code === 0 ? null : killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`);
    });
  });
  if (failure === null) return;
  signal?.throwIfAborted();
  const said = errors.trim().slice(0, mostErrorCharacters);
  if (failure instanceof Error) {
    const isMissing = (failure as NodeJS.ErrnoException).code === "ENOENT";
    throw new GlossaError(
      "runtime-failed",
      isMissing
        ? `${program} is not installed, or not on the PATH`
        : limit.aborted
          ? `${program} took longer than ${mostSeconds} s`
          : `${program} cannot be run: ${failure.message}`,
      { cause: failure },
    );
  }
  throw new GlossaError("runtime-failed", `${program} ${failure}${said === "" ? "" : `: ${said}`}`);
}
