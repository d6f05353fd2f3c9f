/**
 * `glossa completion`: scripts that let shells complete commands and options, made from the program itself.
 */
import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

interface Completion {
  /** Words before: `models pull`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly { readonly name: string; readonly description: string }[];
}

/** A script for `shell` that completes all commands and long options of the program; files everywhere else. */
export function completionScript(program: Command, shell: Shell): string {
  const name = program.name();
  const completions = completionsOf(program, []);
  switch (shell) {
    case "bash":
      return bashScript(name, completions);
    case "zsh":
      return `#compdef ${name}\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(name, completions)}`;
    case "fish":
      return fishScript(name, completions);
  }
}

function completionsOf(command: Command, path: readonly string[]): Completion[] {
  const words = [
    ...command.commands.map((sub) => ({ name: sub.name(), description: sub.description() })),
    ...command.options
      .filter(({ long }) => long !== undefined)
      .map(({ long, description }) => ({ name: long!, description })),
    { name: "--help", description: "show help" },
  ];
  return [
    { path: path.join(" "), words },
    ...command.commands.flatMap((sub) => completionsOf(sub, [...path, sub.name()])),
  ];
}

function bashScript(name: string, completions: readonly Completion[]): string {
  const cases = completions
    .filter(({ path }) => path !== "")
    .map(({ path, words }) => `    "${path}") words="${words.map((word) => word.name).join(" ")}" ;;`)
    .join("\n");
  const top = completions[0]!.words.map((word) => word.name).join(" ");
  const paths = completions.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return `# Completion of ${name}: commands and options; files where neither fits.
_${name}_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${paths.join(" ")} " in
      *"\\"\${path:+$path }$word\\""*) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
    "") words="${top}" ;;
${cases}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=( $(compgen -f -- "$current") ); fi
}
complete -o filenames -F _${name}_complete ${name}
`.replace(`case " ${paths.join(" ")} " in`, `case '${paths.join(" ")}' in`);
}

function fishScript(name: string, completions: readonly Completion[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = completions.flatMap(({ path, words }) => {
    const subcommands = completions
      .filter((other) => other.path.startsWith(path === "" ? "" : `${path} `) && other.path !== path)
      .map((other) => other.path.slice(path.length).trim().split(" ")[0]!);
    const seen = path === "" ? [] : path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    const unseen =
      subcommands.length > 0
        ? [`not __fish_seen_subcommand_from ${[...new Set(subcommands)].join(" ")}`]
        : [];
    const condition = [...seen, ...unseen].join("; and ");
    return words.map(({ name: word, description }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c ${name} ${condition === "" ? "" : `-n ${quote(condition)} `}${what} -d ${quote(description)}`;
    });
  });
  return `# Completion of ${name}: commands and options.\n${lines.join("\n")}\n`;
}
