/**
 * The command line as a function: arguments in, exit code out. Nothing here touches `process`.
 */
import { Command, CommanderError } from "commander";
import { alignCommands } from "./align-commands.ts";
import { completionCommand, doctorCommand } from "./desktop-commands.ts";
import type { Environment } from "./environment.ts";
import { evalCommand } from "./eval-command.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { modelsCommand } from "./models-command.ts";
import { pruneCommand } from "./prune-command.ts";
import { retrieveCommand } from "./retrieve-command.ts";
import { Screen } from "./screen.ts";
import { termsCommand } from "./terms-command.ts";
import { keysCommand, serveCommand } from "./serve-command.ts";
import { trainCommand } from "./train-command.ts";
import { transcribeCommand } from "./transcribe-command.ts";
import { packageVersion } from "./version.ts";
import { watchCommand } from "./watch-command.ts";

/**
 * Runs `glossa` with the arguments given (without `node` and the script).
 *
 * @returns the exit code; every error is reported on `environment.stderr`
 */
export async function runCommandLine(args: readonly string[], environment: Environment): Promise<number> {
  let exitCode: number = exitCodes.success;
  const program = buildProgram(args, environment, (code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said already what is wrong, or has printed the help asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    if (environment.signal.aborted) return exitCodes.interrupted;
    const screen = new Screen(environment, { verbose: args.includes("--verbose") });
    await screen.error(null, error);
    return exitCodeOf(error);
  }
}

function buildProgram(
  args: readonly string[],
  environment: Environment,
  finish: (exitCode: number) => void,
): Command {
  const { stdout, stderr } = environment;
  const program = new Command("glossa")
    .description("Speech recognition that knows your glossary.")
    .version(packageVersion())
    .exitOverride()
    // Options belong to the command that they follow: `eval` and `eval score` both have --json.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("Run with --help for all commands and options.")
    .addHelpText(
      "after",
      `
Examples:
  glossa transcribe talk.mp3 --terms terms.txt
  glossa transcribe talk.mp3 --terms terms.txt --format srt --output talk.srt
  glossa eval recordings/manifest.jsonl --model whisper-base
  glossa models list
  glossa serve
`,
    );
  transcribeCommand(program, environment, finish);
  evalCommand(program, environment, finish, args);
  modelsCommand(program, environment, finish);
  termsCommand(program, environment, finish);
  alignCommands(program, environment, finish);
  retrieveCommand(program, environment, finish);
  pruneCommand(program, environment, finish);
  trainCommand(program, environment, finish, args);
  serveCommand(program, environment, finish);
  keysCommand(program, environment, finish);
  watchCommand(program, environment, finish);
  doctorCommand(program, environment, finish);
  completionCommand(program, environment, finish);
  return program;
}
