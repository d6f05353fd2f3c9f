/**
 * `glossa completion`: scripts that let shells complete commands and options, made from the program itself.
 */
import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

interface Word {
  readonly name: string;
  readonly description: string;
}

interface CommandWords {
  /** Words before: `models pull`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly (Word & {
    readonly takesValue: boolean;
    /** The values there are; empty for files and whatever else. */
    readonly choices: readonly string[];
  })[];
  /** What the argument can be, where that is laid down. */
  readonly choices: readonly string[];
}

/** A script for `shell` that completes commands, long options and their values; files everywhere else. */
export function completionScript(program: Command, shell: Shell): string {
  const name = program.name();
  const commands = wordsOf(program, []);
  switch (shell) {
    case "bash":
      return bashScript(name, commands);
    case "zsh":
      return `#compdef ${name}\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(name, commands)}`;
    case "fish":
      return fishScript(name, commands);
  }
}

function wordsOf(command: Command, path: readonly string[]): CommandWords[] {
  const help = { name: "--help", description: "show help", takesValue: false, choices: [] };
  const options = command.options
    .filter(({ long }) => long !== undefined)
    .map(({ long, description, required, optional, argChoices }) => ({
      name: long!,
      description,
      takesValue: required || optional,
      choices: argChoices ?? [],
    }));
  const commands = command.commands.map((sub) => ({ name: sub.name(), description: sub.description() }));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [
    { path: path.join(" "), commands, options: [...options, help], choices },
    ...command.commands.flatMap((sub) => wordsOf(sub, [...path, sub.name()])),
  ];
}

function bashScript(name: string, commands: readonly CommandWords[]): string {
  const join = (words: readonly { name: string }[]) => words.map((word) => word.name).join(" ");
  const cases = commands.flatMap(({ path, commands: subs, options, choices }) => {
    const plain = subs.length > 0 ? join(subs) : choices.join(" ");
    return [`    "${path}") plain="${plain}" options="${join(options)}" ;;`];
  });
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map((option) => `    "${path} ${option.name}") isValue=1 plain="${option.choices.join(" ")}" ;;`),
  );
  const paths = commands
    .filter(({ path }) => path !== "")
    .map(({ path }) => `    "${path}") path="$next" ;;`);
  return `# Completion of ${name}: commands, options and their values; files where none fits.
_${name}_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" next="" word="" plain="" options="" isValue=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
${paths.map((line) => `  ${line}`).join("\n")}
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  case "$path $previous" in
${values.join("\n")}
  esac
  if [[ "$current" == -* && -z "$isValue" ]]; then plain="$options"; fi
  if [ -n "$plain" ]; then
    COMPREPLY=( $(compgen -W "$plain" -- "$current") )
  else
    # Names may hold spaces.
    local IFS=$'\\n'
    COMPREPLY=( $(compgen -f -- "$current") )
  fi
}
complete -o filenames -F _${name}_complete ${name}
`;
}

function fishScript(name: string, commands: readonly CommandWords[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ path, commands: subs, options, choices }) => {
    const seen = path === "" ? [] : path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    const unseen =
      subs.length > 0 ? [`not __fish_seen_subcommand_from ${subs.map((sub) => sub.name).join(" ")}`] : [];
    const condition = [...seen, ...unseen].join("; and ");
    const line = (...what: string[]) =>
      `complete -c ${name} ${condition === "" ? "" : `-n ${quote(condition)} `}${what.join(" ")}`;
    return [
      // Where a command or one of some words is wanted, files are of no use.
      ...(subs.length + choices.length > 0 ? [line("-f")] : []),
      ...subs.map((sub) => line("-a", sub.name, "-d", quote(sub.description))),
      ...(choices.length > 0 ? [line("-a", quote(choices.join(" ")))] : []),
      ...options.map((option) => {
        const values =
          option.choices.length > 0 ? ["-x", "-a", quote(option.choices.join(" "))] : ["-r", "-F"];
        return line(
          "-l",
          option.name.slice(2),
          ...(option.takesValue ? values : []),
          "-d",
          quote(option.description),
        );
      }),
    ];
  });
  return `# Completion of ${name}: commands, options and their values.\n${lines.join("\n")}\n`;
}
