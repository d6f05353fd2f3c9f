/**
 * What the command line asks for.
 */
import { parseArgs } from "node:util";
import { GlossaError } from "../src/errors.ts";

export const usage = `Usage: npm run bench:peers -- --model ID --manifest FILE [options]

  --model ID        model to measure, such as whisper-base or moonshine-tiny
  --manifest FILE   JSON lines with "audio", "text" and "language"
  --limit N         take only the first N recordings
  --rounds N        rounds to measure (default 3)
  --beam N          measure Glossa with a beam of N too; 1 leaves that out (default 5)
  --terms FILE      measure Glossa with that beam and a glossary too, a term a line
  --threads N       threads of every system (default 2)
  --json            print the results as JSON
`;

export interface Settings {
  model: string;
  manifest: string;
  limit: number;
  rounds: number;
  beam: number;
  /** File of a glossary; null without. */
  terms: string | null;
  threads: number;
  json: boolean;
}

/**
 * @returns null when help was asked for
 * @throws GlossaError `invalid-argument`
 */
export function readSettings(): Settings | null {
  const values = parseFlags();
  if (values.help) return null;
  const { model, manifest } = values;
  if (!model || !manifest) {
    throw new GlossaError("invalid-argument", `--model and --manifest are needed.\n\n${usage}`);
  }
  const count = (name: "limit" | "rounds" | "beam" | "threads", fallback: number) => {
    const text = values[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new GlossaError("invalid-argument", `--${name} is "${text}"; it must be a whole number from 1.`);
  };
  return {
    model,
    manifest,
    limit: count("limit", Number.MAX_SAFE_INTEGER),
    rounds: count("rounds", 3),
    beam: count("beam", 5),
    terms: values.terms ?? null,
    threads: count("threads", 2),
    json: values.json ?? false,
  };
}

function parseFlags() {
  try {
    return parseArgs({
      options: {
        model: { type: "string" },
        manifest: { type: "string" },
        limit: { type: "string" },
        rounds: { type: "string" },
        beam: { type: "string" },
        terms: { type: "string" },
        threads: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (cause) {
    throw new GlossaError("invalid-argument", `${(cause as Error).message}\n\n${usage}`, { cause });
  }
}
