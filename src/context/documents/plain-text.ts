/**
 * Plain text as paragraphs, and LaTeX as plain text.
 */
import type { DocumentBuilder } from "./document.ts";

/** Paragraphs: what stands between blank lines. */
export function addPlainText(text: string, builder: DocumentBuilder): void {
  let block: string[] = [];
  let first = 1;
  const flush = () => {
    builder.add(block.join("\n"), "text", { unit: "line", number: first });
    block = [];
  };
  for (const [index, line] of text.split(/[\n\f\v]/).entries()) {
    if (line.trim() === "") flush();
    else {
      if (block.length === 0) first = index + 1;
      block.push(line);
    }
    // A file without blank lines must not become one endless paragraph.
    if (block.length >= 40) flush();
    if (index % 1000 === 0 && builder.exhausted !== null) return;
  }
  flush();
}

/** LaTeX: comments, commands and mathematics go, lines stay where they are. */
export function withoutCommands(text: string): string {
  return text
    .replace(/(?<!\\)%.*/g, "")
    .replace(
      /\\(?:begin|end|label|ref|cite\w*|input|include\w*|usepackage|documentclass)\s*(?:\[[^\]]*\])?\{[^}]*\}/g,
      " ",
    )
    .replace(/\$[^$\n]*\$/g, " ")
    .replace(/\\[a-zA-Z]+\*?/g, " ")
    .replace(/\\([&%_#$])/g, "$1")
    .replace(/[{}~]|\\\\/g, " ");
}
