/**
 * The arguments and options of `glossa terms`.
 */
import { type Command, Option } from "commander";
import { defaultTermsPerPage } from "../context/extraction/extract-terms.ts";
import { termListFormats } from "../context/extraction/term-table.ts";
import { collect, parseCount } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { ExtractCommandOptions } from "./terms.ts";

const examples = `
Examples:
  glossa terms extract deck.pdf paper.md > terms.tsv
  glossa terms extract slides/ --output terms.tsv --edit
  glossa terms extract deck.pptx --merge terms.tsv --output terms.tsv
  glossa transcribe talk.mp3 --terms terms.tsv

Documents: text, Markdown, HTML, PDF, PPTX, DOCX, EPUB, subtitles, source code, notebooks, BibTeX; pictures, scanned
pages and the slides of videos when tesseract.js is installed.
`;

/** Adds `terms` with its subcommand to the program. */
export function termsCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const terms = program
    .command("terms")
    .description("Make glossaries from documents.")
    .addHelpText("after", "\nExamples:\n  glossa terms extract deck.pdf paper.md > terms.tsv\n");
  terms
    .command("extract")
    .description("List the terms of documents that a recogniser is likely to get wrong.")
    .argument("<document...>", "files, or folders with everything readable in them")
    .addOption(
      new Option("--format <format>", "output format (default: by the ending of --output, else tsv)").choices(
        termListFormats,
      ),
    )
    .option("--output <file>", "file to write (default: standard output)")
    .option(
      "--terms-per-page <count>",
      `how many terms of a page are kept at most (default: ${defaultTermsPerPage})`,
      parseCount(1, 1000),
    )
    .option(
      "--merge <file>",
      "a list edited before: its weights, spoken forms and additions are kept",
      collect,
    )
    .option("--exclude <file>", "terms to leave out, can be repeated", collect)
    .option("--edit", "open the list in $VISUAL or $EDITOR before it is written")
    .option("--no-pictures", "do not read text in pictures")
    .option("--quiet", "no notes; warnings and errors only")
    .option("--verbose", "say what is done, and show the stack of errors")
    .addHelpText("after", examples)
    .action(async (documents: string[], options: ExtractCommandOptions) => {
      const { extractCommand } = await import("./terms.ts");
      finish(await extractCommand(documents, options, environment));
    });
}
