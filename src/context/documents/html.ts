/**
 * Text of HTML and XHTML: blocks with their line, headings as titles, what is set apart. Scripts, styles, menus and forms
 * are left out. Markdown, DOCX and EPUB come through here too.
 */
import { Parser } from "htmlparser2";
import type { DocumentBuilder, Place } from "./document.ts";

const skipped = new Set(
  "script style noscript template svg math nav form button select iframe object head".split(" "),
);
const titles = new Set(["title", "h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "caption", "dt", "th"]);
const marks = new Set([
  "b",
  "strong",
  "i",
  "em",
  "code",
  "kbd",
  "samp",
  "dfn",
  "abbr",
  "mark",
  "var",
  "cite",
]);
const inline = new Set(
  "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark q rp rt ruby s samp small span strong sub sup time tt u var wbr".split(
    " ",
  ),
);

/** @param placeOf the place of a block that begins in this line; default: the line itself */
export function addHtml(
  html: string,
  builder: DocumentBuilder,
  placeOf: (line: number) => Place = (line) => ({ unit: "line", number: line }),
): void {
  let text = "";
  let marked: string[] = [];
  let markStart = -1;
  let markDepth = 0;
  let skipDepth = 0;
  let codeDepth = 0;
  let role: "title" | "text" = "text";
  let blockLine = 1;
  let line = 1;
  let lineIndex = 0;
  const lineAt = (index: number): number => {
    for (; lineIndex < index; lineIndex++) if (html.charCodeAt(lineIndex) === 10) line++;
    return line;
  };
  const flush = () => {
    if (text.trim() !== "") builder.add(text, codeDepth > 0 ? "code" : role, placeOf(blockLine), { marked });
    text = "";
    marked = [];
    markStart = markDepth > 0 ? 0 : -1;
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "title" || name === "meta") {
          addMeta(name, attributes, builder, placeOf(lineAt(parser.startIndex)));
        }
        if (skipped.has(name) && name !== "head") skipDepth++;
        if (name === "img" && attributes.alt) text += ` ${attributes.alt} `;
        if (marks.has(name) && markDepth++ === 0) markStart = text.length;
        if (inline.has(name) || name === "img") return;
        if (name === "br") {
          text += "\n";
          return;
        }
        flush();
        if (titles.has(name)) role = "title";
        if (name === "pre") codeDepth++;
      },
      ontext(data) {
        if (skipDepth > 0 || builder.exhausted !== null) return;
        if (text === "") blockLine = lineAt(parser.startIndex + (data.length - data.trimStart().length));
        text += codeDepth > 0 ? data : data.replace(/\s+/g, " ");
      },
      onclosetag(name) {
        if (skipped.has(name) && name !== "head") skipDepth--;
        if (marks.has(name) && --markDepth === 0 && markStart >= 0) {
          const words = text.slice(markStart).trim();
          if (words !== "" && words.length <= 60) marked.push(words);
          markStart = -1;
        }
        if (inline.has(name) || name === "br" || name === "img") return;
        flush();
        if (titles.has(name)) role = "text";
        if (name === "pre") codeDepth--;
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.write(html);
  parser.end();
  flush();
}

/** Author, keywords and description stand in `meta`. */
function addMeta(
  name: string,
  attributes: Record<string, string>,
  builder: DocumentBuilder,
  place: Place,
): void {
  if (name !== "meta" || !attributes.content) return;
  const field = (attributes.name ?? attributes.property ?? "").toLowerCase();
  if (field === "author" || field === "citation_author") builder.add(attributes.content, "name", place);
  else if (field === "keywords") {
    for (const keyword of attributes.content.split(/[,;，；]/)) builder.add(keyword, "name", place);
  } else if (field === "description") builder.add(attributes.content, "text", place);
}

/** The character encoding that a page names in its first 2 KiB. */
export function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 2048));
  return /<(?:meta|\?xml)[^>]+(?:charset|encoding)\s*=\s*["']?([\w-]+)/i.exec(head)?.[1];
}
