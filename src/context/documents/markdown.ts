/**
 * Markdown: paragraphs and headings with their lines; code blocks as code; what is set apart.
 */
import MarkdownIt from "markdown-it";
import { addCode } from "./source-code.ts";
import type { DocumentBuilder, Place } from "./document.ts";

const parser = new MarkdownIt({ html: false, linkify: false });

type Inline = ReturnType<typeof parser.parse>[number];

/** @param placeOf the place of a block that begins in this line, from 1; default: the line itself */
export function addMarkdown(
  markdown: string,
  builder: DocumentBuilder,
  placeOf: (line: number) => Place = (line) => ({ unit: "line", number: line }),
): void {
  const { body, skippedLines } = withoutFrontMatter(markdown);
  let line = 1;
  let isTitle = false;
  // Slides written as Markdown begin with a heading of the first level or behind a line.
  let beginsPage = false;
  for (const token of parser.parse(body, {})) {
    if (builder.exhausted !== null) return;
    if (token.map) line = token.map[0] + 1 + skippedLines;
    if (token.type === "hr" || (token.type === "heading_open" && token.tag === "h1")) beginsPage = true;
    if (token.type === "heading_open") isTitle = true;
    else if (token.type === "heading_close") isTitle = false;
    else if (token.type === "fence" || token.type === "code_block") {
      const first = token.type === "fence" ? line + 1 : line;
      addCode(token.content, token.info.trim().split(/\s/)[0]!.toLowerCase(), builder, (number) =>
        placeOf(first + number - 1),
      );
    } else if (token.type === "inline") {
      const { text, marked } = inlineText(token.children ?? []);
      builder.add(text, isTitle ? "title" : "text", placeOf(line), { marked, beginsPage });
      beginsPage = false;
    }
  }
}

function inlineText(children: readonly Inline[]): { text: string; marked: string[] } {
  let text = "";
  const marked: string[] = [];
  let open = -1;
  for (const child of children) {
    if (child.type === "text") text += child.content;
    else if (child.type === "code_inline") {
      text += child.content;
      marked.push(child.content);
    } else if (child.type === "softbreak" || child.type === "hardbreak") text += "\n";
    else if (child.type === "image") text += inlineText(child.children ?? []).text;
    else if (child.type === "strong_open" || child.type === "em_open") open = open < 0 ? text.length : open;
    else if ((child.type === "strong_close" || child.type === "em_close") && open >= 0) {
      const words = text.slice(open).trim();
      if (words !== "" && words.length <= 60) marked.push(words);
      open = -1;
    }
  }
  return { text, marked };
}

/** YAML between `---` lines at the very beginning holds settings of a site, and rarely words. */
function withoutFrontMatter(markdown: string): { body: string; skippedLines: number } {
  const matter = /^---\r?\n[\s\S]*?\r?\n---\r?\n/.exec(markdown)?.[0];
  if (matter === undefined) return { body: markdown, skippedLines: 0 };
  return { body: markdown.slice(matter.length), skippedLines: matter.split("\n").length - 1 };
}
