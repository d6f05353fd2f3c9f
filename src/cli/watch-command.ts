/**
 * The arguments and options of `glossa watch`.
 */
import { type Command, Option } from "commander";
import { transcriptFormats } from "../transcript/formats.ts";
import { addEngineOptions, addSpeechOptions, collect } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { WatchOptions } from "./watch.ts";

const examples = `
Examples:
  glossa watch ~/Recordings --terms terms.txt
  glossa watch ~/Recordings --output ~/Transcripts --format srt --model whisper-base

A transcript is named after its recording: talk.mp3 gives talk.mp3.txt. Recordings that have one already are left alone.
Stop with Ctrl-C.
`;

/** Adds `watch` to the program. */
export function watchCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("watch")
    .description("Transcribe every recording that appears in a folder.")
    .argument("<folder>", "folder to watch, with all folders in it")
    .option("--output <folder>", "folder for transcripts (default: beside the recordings)")
    .addOption(new Option("--format <format>", "output format").choices(transcriptFormats).default("txt"))
    .option("--terms <file>", "glossary file, can be repeated; read again when it changes", collect)
    .option("--once", "transcribe what is there, then stop");
  addEngineOptions(addSpeechOptions(command))
    .addHelpText("after", examples)
    .action(async (folder: string, options: WatchOptions) => {
      finish(await (await import("./watch.ts")).watch(folder, options, environment));
    });
}
