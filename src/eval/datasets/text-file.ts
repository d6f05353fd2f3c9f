/** Text files of data sets, line by line, with the place of every line. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { GlossaError } from "../../errors.ts";

export interface PlacedLine {
  /** `text:12` */
  place: string;
  line: string;
}

/** @throws GlossaError `unreadable-input` */
export async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/u, "");
  } catch (cause) {
    throw new GlossaError("unreadable-input", `${file}: cannot read it: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Lines that are not empty. @throws GlossaError `unreadable-input` */
export async function readLines(file: string): Promise<PlacedLine[]> {
  const lines = (await readText(file)).split(/\r?\n/);
  return lines.flatMap((line, index) =>
    line.trim() === "" ? [] : [{ place: `${basename(file)}:${index + 1}`, line }],
  );
}

/** `id rest of the line`, as Kaldi, LibriSpeech and AISHELL write it. */
export function splitKey(line: string): { key: string; rest: string } {
  const [, key, rest] = /^\s*(\S+)\s*(.*?)\s*$/su.exec(line)!;
  return { key, rest };
}
