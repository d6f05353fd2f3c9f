/**
 * The arguments and options of `glossa serve` and `glossa keys`.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { addEngineOptions, collect, parseCount } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { KeysOptions } from "./keys.ts";
import type { ServeOptions } from "./serve.ts";

const examples = `
Examples:
  glossa serve
  glossa serve --model whisper-base --port 9000 --data /srv/glossa
  GLOSSA_KEY=a-long-secret glossa serve --host 0.0.0.0

The page is at the address that is printed, the interface's documentation under /docs.
Without keys everybody who reaches the server may use it; then it listens to this machine only.
Environment: GLOSSA_DATA, GLOSSA_HOST, GLOSSA_PORT, GLOSSA_MODEL, GLOSSA_LIVE_MODEL, GLOSSA_KEY (a key that may do everything).
`;

/** Adds `serve` to the program. */
export function serveCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("serve")
    .description("Serve recognition over HTTP, with jobs, glossaries, live captions and a page.")
    .addOption(new Option("--host <address>", "address to listen at").default("127.0.0.1").env("GLOSSA_HOST"))
    .addOption(
      new Option("--port <number>", "port; 0 takes any that is free")
        .default(8017)
        .env("GLOSSA_PORT")
        .argParser(parseCount(0, 65_535)),
    )
    .option(
      "--data <folder>",
      "folder for database and recordings (default: GLOSSA_DATA or the system's place)",
    )
    .addOption(
      new Option("--model <id>", "model for recordings").default("whisper-small").env("GLOSSA_MODEL"),
    )
    .addOption(
      new Option("--live-model <id>", "model for live sessions")
        .default("moonshine-base")
        .env("GLOSSA_LIVE_MODEL"),
    )
    .option(
      "--offer <id>",
      "a model that requests may name, can be repeated (default: those in the cache)",
      collect,
    )
    .option("--workers <count>", "recognition processes (default: 1)", parseCount(1, 64))
    .option("--max-upload <size>", "largest recording, such as 500M or 5G (default: 5G)", parseSize)
    .option(
      "--retention <days>",
      "delete jobs so long after their end (default: never)",
      parseCount(1, 36_500),
    )
    .option(
      "--allow-host <name>",
      "host that recordings may be fetched from and webhooks sent to, can be repeated",
      collect,
    )
    .option("--cors <origin>", "origin of another page that may use the server, can be repeated", collect)
    .option("--rate <count>", "requests a minute for each client (default: 600)", parseCount(1, 1_000_000))
    .option("--live-sessions <count>", "live sessions at a time (default: 8)", parseCount(1, 10_000))
    .option(
      "--grace <seconds>",
      "time for requests to finish when the server stops (default: 10)",
      parseCount(0, 3600),
    )
    .option("--trust-proxy", "take the client's address from X-Forwarded-For")
    .option("--open", "let everybody in at any address, without keys")
    .addOption(
      new Option("--log-level <level>", "what is logged, as JSON on standard error")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    );
  addEngineOptions(command)
    .addHelpText("after", examples)
    .action(async (options: ServeOptions) => {
      finish(await (await import("./serve.ts")).serve(options, environment));
    });
}

/** Adds `keys` with its subcommands to the program. */
export function keysCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const keys = program
    .command("keys")
    .description("Make, list and revoke keys of the server.")
    .addHelpText(
      "after",
      "\nExamples:\n  glossa keys create --name page --scope transcribe --scope glossaries\n  glossa keys list\n",
    );
  const withData = (command: Command) =>
    command
      .option("--data <folder>", "the server's data folder (default: GLOSSA_DATA or the system's place)")
      .option("--verbose", "show the stack of errors");
  withData(keys.command("create"))
    .description("Make a key and print it; it cannot be shown again.")
    .requiredOption("--name <text>", "what the key is for")
    .addOption(
      new Option("--scope <scope>", "what it may do, can be repeated (default: transcribe)")
        .choices(["transcribe", "glossaries", "admin"])
        .argParser(collectScope),
    )
    .option("--rate <count>", "requests a minute", parseCount(1, 1_000_000))
    .option("--jobs <count>", "jobs that may wait or run at a time", parseCount(1, 1_000_000))
    .addHelpText(
      "after",
      "\nExamples:\n  glossa keys create --name page --scope transcribe --scope glossaries\n",
    )
    .action(async (options: KeysOptions) => {
      finish(await (await import("./keys.ts")).createKey(options, environment));
    });
  withData(keys.command("list"))
    .description("List all keys.")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExamples:\n  glossa keys list --json\n")
    .action(async (options: KeysOptions) => {
      finish(await (await import("./keys.ts")).listKeys(options, environment));
    });
  withData(keys.command("revoke"))
    .description("Make keys invalid, at once and for ever.")
    .argument("<id...>", "keys, see `glossa keys list`")
    .addHelpText("after", "\nExamples:\n  glossa keys revoke key_01m3x4\n")
    .action(async (ids: string[], options: KeysOptions) => {
      finish(await (await import("./keys.ts")).revokeKeys(ids, options, environment));
    });
}

function collectScope(value: string, previous: string[] | undefined): string[] {
  if (!["transcribe", "glossaries", "admin"].includes(value)) {
    throw new InvalidArgumentError("Allowed choices are transcribe, glossaries, admin.");
  }
  return collect(value, previous);
}

function parseSize(value: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(value);
  if (!match) throw new InvalidArgumentError("Expected a size such as 500M or 5G.");
  const power = ["", "k", "m", "g", "t"].indexOf(match[2]!.toLowerCase());
  return Math.round(Number(match[1]) * 1024 ** power);
}
