/**
 * The arguments and options of `glossa transcribe`.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { transcriptFormats } from "../transcript/formats.ts";
import {
  addContextOptions,
  addEngineOptions,
  addSpeechOptions,
  collect,
  findTermsOption,
  parseCount,
} from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { TranscribeOptions } from "./transcribe.ts";

const examples = `
Examples:
  glossa transcribe talk.mp3
  glossa transcribe talk.mp3 --terms terms.txt --term "Qwen2-VL" --format srt --output talk.srt
  glossa transcribe *.wav --language zh --model whisper-base --output transcripts/
  glossa transcribe talk.mp4 --context paper.pdf --slides deck.pptx --slide-times times.csv
  glossa transcribe answer.wav --history conversation.json --participant "Priya Ramaswamy"
  ffmpeg -i film.mkv -f wav - | glossa transcribe - --format json > film.json

Term files: .txt with one term a line; .csv or .tsv with term, weight, spoken forms; .json.
Exit codes: 0 done, 1 an input failed, 2 wrong arguments or glossary, 3 no model, 130 interrupted.
`;

/** Adds `transcribe` to the program. */
export function transcribeCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("transcribe")
    .description("Turn recordings into text, with your terms spelled your way.")
    .argument("<input...>", "audio or video files; - is standard input")
    .option("--terms <file>", "glossary file, can be repeated", collect)
    .option("--term <text>", "a single term, can be repeated", collect)
    .addOption(
      new Option("--format <format>", "output format (default: by the ending of --output, else txt)").choices(
        transcriptFormats,
      ),
    )
    .option("--output <path>", "file, or folder for several inputs (default: standard output)")
    .option("--beam <count>", "hypotheses kept in the search; 1 is greedy (default: 5)", parseCount(1, 64))
    .option(
      "--temperature <list>",
      "sampling temperatures tried in turn on failure (default: 0,0.4,0.8)",
      parseTemperatures,
    )
    .option(
      "--seed <number>",
      "seed for sampling at temperatures above 0 (default: 0)",
      parseCount(0, 2 ** 32 - 1),
    )
    .addOption(findTermsOption())
    .option("--no-word-times", "no times and confidences for words")
    .option("--no-voice-activity", "recognise stretches without speech too")
    .option(
      "--trailing-silence <seconds>",
      "silence that Whisper is given after the audio; less is faster, and less safe (default: 10)",
      parseSeconds,
    )
    .option("--previous-text", "show the model the text so far (default: when there are terms or a history)")
    .option("--no-previous-text", "do not: windows of a long recording are then recognised side by side");
  addEngineOptions(addContextOptions(addSpeechOptions(command)))
    .addHelpText("after", examples)
    .action(async (inputs: string[], options: TranscribeOptions) => {
      const { transcribe } = await import("./transcribe.ts");
      finish(await transcribe(inputs, options, environment));
    });
}

function parseSeconds(value: string): number {
  const seconds = value.trim() === "" ? NaN : Number(value);
  if (seconds >= 0 && seconds <= 30) return seconds;
  throw new InvalidArgumentError("Expected seconds from 0 to 30.");
}

function parseTemperatures(value: string): number[] {
  const temperatures = value.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!temperatures.every((temperature) => temperature >= 0 && temperature <= 2)) {
    throw new InvalidArgumentError(
      "Expected numbers from 0 to 2 with commas between them, such as 0,0.4,0.8.",
    );
  }
  return temperatures;
}
