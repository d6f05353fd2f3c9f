/**
 * Reads the project's own documents: their links, headings and blocks of code.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export interface CodeBlock {
  /** What stands after the fence; empty for indented blocks. */
  readonly language: string;
  readonly code: string;
}

export interface Document {
  /** From the root of the repository, such as `docs/models.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
  /** The text without blocks of code. */
  readonly prose: string;
}

/** All documents, the README first. */
export function documents(): Document[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.replaceAll("\\", "/")}`);
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs.sort()].map(readDocument);
}

export function readDocument(path: string): Document {
  const text = readFileSync(join(root, path), "utf8");
  const blocks: CodeBlock[] = [];
  const prose = text
    .replace(/^```(\w*)\n(.*?)^```$/gms, (_, language: string, code: string) => {
      blocks.push({ language, code });
      return "";
    })
    // An indented block follows an empty line; a list goes on with less or without one.
    .replace(/(?<=^\n)(?: {4}.*\n(?:\n(?= {4}))?)+/gm, (code) => {
      blocks.push({ language: "", code: code.replace(/^ {4}/gm, "") });
      return "";
    });
  return { path, text, blocks, prose };
}

/** The targets of links and images. */
export function links({ prose }: Document): string[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors({ prose }: Document): Set<string> {
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

/** Commands of a shell: the lines of blocks that are no other language, and inline code. */
export function commandLines({ blocks, prose }: Document): string[] {
  const shell = blocks.filter(({ language }) => ["", "sh", "bash", "console"].includes(language));
  const lines = shell.flatMap(({ code }) => code.replace(/\\\n\s*/g, " ").split("\n"));
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
  return [...lines, ...inline];
}

/**
 * The simple commands of a shell line as words, quotes taken off, redirections and leading assignments left out.
 * Understands what our documents use: pipes, `&&`, `;`, `"…"`, `'…'`, `$(…)` and comments.
 */
export function simpleCommands(line: string): string[][] {
  const words = line.replaceAll(/"?\$\(|\)"?/g, " ; ").match(/"[^"]*"|'[^']*'|&&|[|;]|>|[^\s|;>]+/g) ?? [];
  const commands: string[][] = [[]];
  for (const [index, word] of words.entries()) {
    if (word.startsWith("#")) break;
    if (["&&", "|", ";"].includes(word)) commands.push([]);
    else if (word !== ">" && words[index - 1] !== ">") {
      const command = commands.at(-1)!;
      const isAssignment = command.length === 0 && /^\w+=/.test(word);
      if (!isAssignment) command.push(word.replace(/^(["'])(.*)\1$/, "$2"));
    }
  }
  return commands.filter((command) => command.length > 0);
}
