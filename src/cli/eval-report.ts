/**
 * `--report FILE` of `glossa eval`: the HTML page about runs.
 */
import { access } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { RunScore } from "../eval/records.ts";
import { GlossaError } from "../errors.ts";
import { embedClips, linkClips } from "../report/clips.ts";
import { renderReport } from "../report/report.ts";
import type { Environment } from "./environment.ts";
import { writeOutput } from "./outputs.ts";
import type { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface ReportFileOptions {
  report?: string;
  embedAudio?: boolean;
  /** The arguments of the command as typed. */
  args?: readonly string[];
}

/** To be called before a long run. @throws GlossaError `invalid-argument` when the report could not be written */
export async function checkReportFile({ report, embedAudio }: ReportFileOptions): Promise<void> {
  if (report === undefined) {
    if (embedAudio) throw new GlossaError("invalid-argument", "--embed-audio needs --report FILE");
    return;
  }
  await access(dirname(resolve(report))).catch((cause: unknown) => {
    throw new GlossaError("invalid-argument", `--report: no folder ${dirname(report)}`, { cause });
  });
}

/**
 * Writes the report where one is asked for.
 *
 * @throws GlossaError `write-failed`
 */
export async function writeReport(
  runs: readonly RunScore[],
  { report, embedAudio, args }: ReportFileOptions,
  { signal }: Environment,
  screen: Screen,
): Promise<void> {
  if (report === undefined) return;
  const paths = new Set(runs.flatMap(({ utterances }) => utterances.map(({ record }) => record.audio)));
  const clips = embedAudio ? await embedClips(paths, report, signal) : linkClips(paths, report);
  const command = args && ["glossa", ...args.map(quoted)].join(" ");
  await writeOutput(report, renderReport(runs, { clips, command }));
  await screen.note(`report in ${report}`);
}

/** An argument as it can be pasted into a shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
