/**
 * Where results go: which inputs there are, which file each is written to, and writing it so that a reader never sees
 * half of it.
 */
import { access, constants, mkdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import writeFileAtomic from "write-file-atomic";
import { GlossaError } from "../errors.ts";
import { transcriptFormats, type TranscriptFormat } from "../transcript/formats.ts";

/** Standard input or output on the command line. */
const standardStream = "-";

export interface OutputPlan {
  format: TranscriptFormat;
  /** The file for each input, in their order; null for stdout. */
  files: (string | null)[];
}

/**
 * Expands patterns that the shell left alone (on Windows it always does), in alphabetical order. A pattern that is the
 * name of a file is that file; a pattern that fits nothing stays, and fails later as a file that is not there.
 *
 * @throws GlossaError `invalid-argument` for an empty name, as an unset shell variable gives
 */
export async function expandInputs(inputs: readonly string[]): Promise<string[]> {
  const expanded: string[] = [];
  for (const input of inputs) {
    if (input === "")
      throw new GlossaError("invalid-argument", "an input is empty; give a file name, or - for stdin");
    if (!isDynamicPattern(input) || (await stat(input).catch(() => null)) !== null) {
      expanded.push(input);
      continue;
    }
    const pattern = process.platform === "win32" ? input.replaceAll("\\", "/") : input;
    const files = await glob(pattern, { expandDirectories: false, absolute: isAbsolute(pattern) });
    expanded.push(...(files.length > 0 ? files.sort() : [input]));
  }
  return expanded;
}

/** @throws GlossaError `unreadable-input` when an input is not there, is a folder or cannot be read */
export async function checkReadable(input: string): Promise<void> {
  if (input === standardStream) return;
  let why: string | null = null;
  let cause: unknown;
  try {
    if ((await stat(input)).isDirectory()) why = "is a folder; give the files in it, such as folder/*.wav";
    else await access(input, constants.R_OK);
  } catch (error) {
    cause = error;
    const code = (error as NodeJS.ErrnoException).code;
    why =
      code === "ENOENT"
        ? "no such file"
        : code === "EACCES"
          ? "no permission to read it"
          : (error as Error).message;
  }
  if (why !== null) throw new GlossaError("unreadable-input", why, { cause });
}

/**
 * Decides where every result goes, and makes the folder for them.
 *
 * @param output a file, or a folder: it exists as one, ends with a slash, or there is more than one input
 * @throws GlossaError `invalid-argument` when inputs and output do not fit together, `write-failed`
 */
export async function planOutputs(
  inputs: readonly string[],
  output: string | undefined,
  requestedFormat: TranscriptFormat | undefined,
): Promise<OutputPlan> {
  if (output === undefined || output === standardStream) {
    const format = requestedFormat ?? "txt";
    if (inputs.length > 1 && format !== "txt") {
      throw new GlossaError("invalid-argument", `several inputs as ${format} need --output FOLDER`);
    }
    return { format, files: inputs.map(() => null) };
  }

  const status = await stat(output).catch(() => null);
  const isFolder = status?.isDirectory() || /[\\/]$/.test(output) || inputs.length > 1;
  if (!isFolder) {
    const parent = await stat(dirname(output)).catch(() => null);
    if (!parent?.isDirectory())
      throw new GlossaError("invalid-argument", `--output: no folder ${dirname(output)}`);
    refuseInputs(inputs, output);
    return { format: requestedFormat ?? formatByEnding(output) ?? "txt", files: [output] };
  }
  if (status !== null && !status.isDirectory()) {
    throw new GlossaError("invalid-argument", `--output: ${output} is a file; several inputs need a folder`);
  }
  try {
    await mkdir(output, { recursive: true });
  } catch (cause) {
    throw new GlossaError("write-failed", `--output: cannot make ${output}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const format = requestedFormat ?? "txt";
  const files = fileNames(inputs, format).map((name) => join(output, name));
  for (const file of files) refuseInputs(inputs, file);
  return { format, files };
}

/**
 * `talk.mp3` gives `talk.srt`. Inputs that would give the same name get a number in the order in which they were given:
 * `talk.srt`, `talk-2.srt`.
 */
function fileNames(inputs: readonly string[], format: TranscriptFormat): string[] {
  // Windows and macOS do not tell `Talk` from `talk`.
  const taken = new Set<string>();
  return inputs.map((input) => {
    const stem = input === standardStream ? "stdin" : basename(input, extname(input));
    let name = `${stem}.${format}`;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${stem}-${number}.${format}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

function refuseInputs(inputs: readonly string[], file: string): void {
  const overwritten = inputs.find((input) => input !== standardStream && resolve(input) === resolve(file));
  if (overwritten !== undefined) {
    throw new GlossaError("invalid-argument", `--output: ${file} would overwrite the input of that name`);
  }
}

function formatByEnding(file: string): TranscriptFormat | undefined {
  return transcriptFormats.find((format) => file.toLowerCase().endsWith(`.${format}`));
}

/**
 * Writes a result under a temporary name and renames it; devices and pipes are written to directly.
 *
 * @throws GlossaError `write-failed` that names the file
 */
export async function writeOutput(file: string, text: string): Promise<void> {
  try {
    const status = await stat(file).catch(() => null);
    if (status === null || status.isFile()) await writeFileAtomic(file, text);
    else await writeFile(file, text);
  } catch (cause) {
    throw new GlossaError("write-failed", `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
