/**
 * Holds the documents to the project: links lead somewhere, commands exist with the options shown, files named are
 * there, and samples of code compile.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import ts from "typescript";
import { describe, expect, it, vi } from "vitest";
import { runFake } from "../src/cli/testing/fake-environment.ts";
import { anchors, commandLines, documents, links, readDocument, root, simpleCommands } from "./markdown.ts";
import { compilerOptions } from "./public-api.ts";

const scripts = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object }).scripts;

/** The program that `glossa` runs, with actions that do nothing. */
async function commandLine(): Promise<Command> {
  const parse = vi.spyOn(Command.prototype, "parseAsync").mockResolvedValue(new Command());
  await runFake([]);
  const program = parse.mock.contexts[0] as Command;
  parse.mockRestore();
  const disarm = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    else command.commands.forEach(disarm);
  };
  disarm(program);
  return program;
}

describe.each(documents())("$path", (document) => {
  it("links to files and headings that exist", () => {
    const broken = links(document).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file, anchor] = link.split("#") as [string, string | undefined];
      const path = file === "" ? document.path : join(dirname(document.path), file);
      if (!existsSync(join(root, path))) return true;
      return anchor !== undefined && !anchors(readDocument(path)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it("shows commands that the command line understands", async () => {
    const commands = commandLines(document)
      // `glossa models path ID` and `glossa models list | pull …` describe commands.
      .filter((line) => !/[…[\]()]|\b[A-Z]{2,}\b(?![_.=-])/.test(line.replace(/"[^"]*"/g, '""')))
      .flatMap(simpleCommands)
      .map((words) => (words[0] === "npx" ? words.slice(1) : words))
      .filter((words) => words[0] === "glossa" && words.length > 1);
    const refused: string[] = [];
    for (const words of commands) {
      try {
        (await commandLine()).parse(words.slice(1), { from: "user" });
      } catch (error) {
        const { code = "" } = error as { code?: string };
        // `glossa models` in a sentence names a command, it does not show one.
        const isName =
          words.length <= 3 &&
          ["commander.help", "commander.missingArgument", "commander.missingMandatoryOptionValue"].includes(
            code,
          );
        const isAnswered = ["commander.version", "commander.helpDisplayed"].includes(code);
        if (!isName && !isAnswered) refused.push(`${words.join(" ")}: ${String(error)}`);
      }
    }
    expect(refused).toEqual([]);
  });

  it("names scripts, programs and files of the repository that exist", () => {
    const missing: string[] = [];
    for (const words of commandLines(document).flatMap(simpleCommands)) {
      const [program, command, script] = words.filter((word) => !word.startsWith("-"));
      if (program === "npm" && command === "run" && script && !(script in scripts))
        missing.push(words.join(" "));
      const files = words.filter((word) =>
        /^(?:src|test|tools|examples|schemas|docs|bench|\.ci)\/(?!node_modules)[\w./-]*$/.test(word),
      );
      missing.push(...files.filter((file) => !existsSync(join(root, file))));
    }
    expect(missing).toEqual([]);
  });

  it("has samples of code that compile", () => {
    const samples = document.blocks.filter(({ language }) => language === "ts");
    if (samples.length === 0) return;
    expect(compileErrors(samples.map(({ code }) => code))).toEqual([]);
  }, 60_000);
});

/** Compiles samples as a user of the package would, each as a module of its own. */
function compileErrors(samples: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    ...compilerOptions(),
    paths: { glossa: [join(root, "src/index.ts")] },
    noUnusedLocals: false,
  };
  const host = ts.createCompilerHost(options);
  const files = new Map(
    samples.map((code, index) => [join(root, `sample-${index}.ts`), `${code}\nexport {};\n`]),
  );
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const code = files.get(file);
    return code === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, code, rest[0]);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) =>
    [
      ...program.getSyntacticDiagnostics(program.getSourceFile(file)),
      ...program.getSemanticDiagnostics(program.getSourceFile(file)),
    ].map(
      ({ messageText }) =>
        `${files.get(file)!.trim().split("\n")[0]}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  );
}
