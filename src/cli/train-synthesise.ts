/**
 * `glossa train synthesise`: text files to speech with a manifest, by Kokoro or any text-to-speech command.
 */
import { GlossaError } from "../errors.ts";
import { CommandSynthesiser } from "../train/synthesis/command-synthesiser.ts";
import { listsOf, readTexts } from "../train/synthesis/read-texts.ts";
import { synthesise } from "../train/synthesis/synthesise.ts";
import type { SpokenAccent, Synthesiser } from "../train/synthesis/synthesiser.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import type { LoadingOptions } from "./load-recogniser.ts";
import { formatClock } from "./quantities.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface TrainSynthesiseOptions extends LoadingOptions {
  output: string;
  language?: string;
  voice?: string[];
  accent?: SpokenAccent;
  voicesPerText?: number;
  lists?: number;
  speed?: [number, number];
  command?: string;
  limit?: number;
  seed?: number;
  strict?: boolean;
  quiet?: boolean;
}

const mostSpeed = 2;
const leastSpeed = 0.5;

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError as `synthesise`; the signal's reason when interrupted
 */
export async function trainSynthesise(
  files: readonly string[],
  options: TrainSynthesiseOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const { output, seed = 0, speed } = options;
  const screen = new Screen(environment, options);
  if (speed !== undefined && (speed[0] < leastSpeed || speed[1] > mostSpeed)) {
    throw new GlossaError("invalid-argument", `--speed goes from ${leastSpeed} to ${mostSpeed}.`);
  }
  const read = (await readTexts(files, options.language)).slice(0, options.limit);
  const texts = options.lists === undefined ? read : listsOf(read, options.lists, seed);
  const started = performance.now();
  const synthesiser = await untilAborted(loadSynthesiser(options, environment, screen), signal);
  screen.hideProgress();
  try {
    const result = await synthesise({
      texts,
      synthesiser,
      folder: output,
      voices: options.voice,
      voicesPerText: options.voicesPerText,
      speed,
      seed,
      signal,
      onProgress: ({ done, total, spokenSeconds }) => {
        const elapsed = (performance.now() - started) / 1000;
        const rate = spokenSeconds > 0 ? `, ${(spokenSeconds / elapsed).toFixed(1)}× real time` : "";
        screen.showPreparation("speaking", total === 0 ? null : done / total, `${done} of ${total}${rate}`);
      },
    });
    screen.hideProgress();
    for (const problem of result.problems) await screen.warn(`left out: ${problem}`);
    await screen.print(`${result.manifest}\n`);
    const before = result.found > 0 ? `, ${result.found} were there` : "";
    const left = result.problems.length > 0 ? `, ${result.problems.length} left out` : "";
    await screen.note(
      `made ${result.made} utterances, ${formatClock(result.spokenSeconds)} of speech${before}${left}`,
    );
    return options.strict && result.problems.length > 0 ? exitCodes.failure : exitCodes.success;
  } finally {
    screen.hideProgress();
    await untilAborted(synthesiser[Symbol.asyncDispose](), signal).catch(() => {});
  }
}

async function loadSynthesiser(
  options: TrainSynthesiseOptions,
  { signal }: Environment,
  screen: Screen,
): Promise<Synthesiser> {
  if (options.command !== undefined) {
    if (options.accent !== undefined) {
      throw new GlossaError("invalid-argument", "--accent is Kokoro's; leave out --command or --accent.");
    }
    return new CommandSynthesiser(options.command, {
      voices: options.voice,
      languages: options.language === undefined ? undefined : [options.language],
    });
  }
  const { KokoroSynthesiser } = await import("../train/synthesis/kokoro-synthesiser.ts");
  return KokoroSynthesiser.load({
    device: options.device,
    threads: options.threads,
    offline: options.offline,
    cacheFolder: options.cache,
    accent: options.accent,
    onDownload: (progress) => screen.showDownload(progress),
    signal,
  });
}
