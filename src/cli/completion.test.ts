import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { completionScript } from "./completion.ts";

function program(): Command {
  const glossa = new Command("glossa").option("--version", "the version");
  glossa
    .command("transcribe")
    .description("Turn recordings into text, with your terms spelled your way.")
    .argument("<input...>")
    .addOption(new Option("--format <format>").choices(["txt", "json"]))
    .option("--terms <file>")
    .option("--quiet");
  const models = glossa.command("models");
  models.command("list");
  models.command("pull").option("--quiet");
  glossa.command("completion").addArgument(new Argument("<shell>").choices(["bash", "fish"]));
  return glossa;
}

describe.skipIf(!existsSync("/bin/bash"))("completion in bash (skipped where there is none)", () => {
  /** What is offered for the last word. */
  const offered = (folder: string, ...words: string[]) =>
    execFileSync(
      "/bin/bash",
      [
        "-c",
        `${completionScript(program(), "bash")}
        COMP_WORDS=(glossa "$@"); COMP_CWORD=$#; _glossa_complete; printf '%s\\n' "\${COMPREPLY[@]}"`,
        "bash",
        ...words,
      ],
      { cwd: folder, encoding: "utf8" },
    )
      .trim()
      .split("\n")
      .sort();

  it("offers commands, options and values where they fit, and files elsewhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "glossa-completion-"));
    await writeFile(join(folder, "a talk.mp3"), "");
    try {
      expect(offered(folder, "")).toEqual(["completion", "models", "transcribe"]);
      expect(offered(folder, "tr")).toEqual(["transcribe"]);
      expect(offered(folder, "models", "")).toEqual(["list", "pull"]);
      expect(offered(folder, "models", "pull", "--")).toEqual(["--help", "--quiet"]);
      expect(offered(folder, "transcribe", "--q")).toEqual(["--quiet"]);
      expect(offered(folder, "transcribe", "--format", "")).toEqual(["json", "txt"]);
      expect(offered(folder, "completion", "")).toEqual(["bash", "fish"]);
      for (const before of [["transcribe"], ["transcribe", "--terms"], ["transcribe", "--quiet"]]) {
        expect(offered(folder, ...before, "")).toEqual(["a talk.mp3"]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it("scripts for fish and zsh name every command, option and value", () => {
  const fish = completionScript(program(), "fish");
  expect(fish).toContain(
    "complete -c glossa -n 'not __fish_seen_subcommand_from transcribe models completion' -a transcribe -d 'Turn",
  );
  expect(fish).toContain("-n '__fish_seen_subcommand_from transcribe' -l format -x -a 'txt json'");
  expect(fish).toContain("-n '__fish_seen_subcommand_from completion' -a 'bash fish'");
  expect(completionScript(program(), "zsh")).toMatch(/^#compdef glossa\n/);
});
