/**
 * The arguments and options of `glossa align` and `glossa classify`.
 */
import { type Command, Option } from "commander";
import type { AlignOptions } from "./align.ts";
import { addEngineOptions, parseCount, parseLanguage } from "./arguments.ts";
import type { ClassifyOptions } from "./classify.ts";
import type { Environment } from "./environment.ts";

const alignExamples = `
Examples:
  glossa align talk.wav talk.txt
  glossa align talk.wav "And so, my fellow Americans" --model runs/ctc-head --format json

TEXT is a text file, or the text itself. With --model the words are found by CTC, which is more exact and takes recordings of any
length; without, by the recogniser's attention, in recordings of up to 30 s.
`;

const classifyExamples = `
Examples:
  glossa classify talk.wav --model runs/classify
  glossa classify *.wav --model runs/classify --top 1
`;

/** Adds `align` and `classify` to the program. */
export function alignCommands(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const align = program
    .command("align")
    .description("Tell when the words of a known text are spoken in a recording.")
    .argument("<audio>", "audio or video file; - is standard input")
    .argument("<text>", "file that holds the text, or the text itself")
    .option("--model <folder>", "folder of a finished run of a ctc-head recipe")
    .option(
      "--recogniser <id>",
      "model whose frames or attention are used without --model (default: whisper-base)",
    )
    .option("--language <code>", "spoken language, for the recogniser (default: detected)", parseLanguage)
    .addOption(
      new Option("--format <format>", "how words are written").choices(["tsv", "json"]).default("tsv"),
    );
  addEngineOptions(align)
    .addHelpText("after", alignExamples)
    .action(async (audio: string, text: string, options: AlignOptions) => {
      finish(await (await import("./align.ts")).align(audio, text, options, environment));
    });

  const classify = program
    .command("classify")
    .description("Tell recordings apart with a trained model: who speaks, which language.")
    .argument("<audio...>", "audio or video files")
    .requiredOption("--model <folder>", "folder of a finished run of a classify recipe")
    .option("--top <count>", "how many classes are shown (default: 3)", parseCount(1, 10_000))
    .option("--json", "as JSON, one recording a line, with all classes");
  addEngineOptions(classify)
    .addHelpText("after", classifyExamples)
    .action(async (audio: string[], options: ClassifyOptions) => {
      finish(await (await import("./classify.ts")).classify(audio, options, environment));
    });
}
