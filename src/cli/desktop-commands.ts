/**
 * The arguments and options of `glossa doctor` and `glossa completion`.
 */
import { Argument, type Command } from "commander";
import { completionScript, shells, type Shell } from "./completion.ts";
import type { DoctorOptions } from "./doctor.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { Screen } from "./screen.ts";

/** Adds `doctor` to the program. */
export function doctorCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  program
    .command("doctor")
    .description("Say what is installed, what is missing, and how fast this machine is.")
    .option("--json", "as JSON")
    .option("--no-speed", "do not measure the speed")
    .option("--cache <folder>", "folder for models (default: GLOSSA_CACHE or the system's cache)")
    .option("--data <folder>", "folder of the server (default: GLOSSA_DATA or the system's place)")
    .option("--verbose", "show the stack of errors")
    .addHelpText("after", "\nExamples:\n  glossa doctor\n  glossa doctor --json --no-speed\n")
    .action(async (options: DoctorOptions) => {
      finish(await (await import("./doctor.ts")).doctor(options, environment));
    });
}

/** Adds `completion` to the program. */
export function completionCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  program
    .command("completion")
    .description("Print a script that lets a shell complete commands and options.")
    .addArgument(new Argument("<shell>", "the shell").choices(shells))
    .addHelpText(
      "after",
      `
Examples:
  glossa completion bash > ~/.local/share/bash-completion/completions/glossa
  glossa completion zsh > ~/.zfunc/_glossa
  glossa completion fish > ~/.config/fish/completions/glossa.fish
`,
    )
    .action(async (shell: Shell) => {
      await new Screen(environment, {}).print(completionScript(program, shell));
      finish(exitCodes.success);
    });
}
