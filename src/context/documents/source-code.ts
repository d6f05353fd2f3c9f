/**
 * Source code in any language: comments and documentation as text, everything else as code, line by line.
 */
import type { DocumentBuilder, Place } from "./document.ts";

/** Languages by the ending of their files. */
const endings = new Set(
  (
    "py pyi js jsx mjs cjs ts tsx mts cts java kt kts scala go rs c h cc cpp cxx hpp hh cu cuh cs fs swift m mm rb php pl pm lua r jl " +
    "sh bash zsh fish ps1 bat sql proto thrift graphql vue svelte css scss less yaml yml toml ini cfg conf env dockerfile makefile " +
    "cmake gradle tf hs ml mli clj ex exs erl dart zig nim asm s v sv vhd xml json jsonl ipynb_code"
  ).split(" "),
);

export function isSourceEnding(ending: string): boolean {
  return endings.has(ending);
}

/** Where `#` begins a comment. */
const hashComments = new Set(
  "py pyi python sh bash zsh fish rb ruby pl pm r jl julia yaml yml toml cmake makefile dockerfile tf ex exs nim ps1 conf cfg env".split(
    " ",
  ),
);
const dashComments = new Set(["sql", "lua", "hs", "haskell"]);
const noComments = new Set(["json", "jsonl", "xml"]);

/** @param placeOf the place of a line, from 1; default: the line itself */
export function addCode(
  code: string,
  language: string,
  builder: DocumentBuilder,
  placeOf: (line: number) => Place = (line) => ({ unit: "line", number: line }),
): void {
  const marker = noComments.has(language)
    ? null
    : hashComments.has(language)
      ? /(?:^|\s)#+(?!\w*\{)/
      : dashComments.has(language)
        ? /--/
        : /\/\//;
  /** What ends the comment or documentation string that is open, or null. */
  let until: string | null = null;
  for (const [index, line] of code.split("\n").entries()) {
    if (builder.exhausted !== null) return;
    let rest = line;
    let comment = "";
    let source = "";
    while (rest !== "") {
      if (until !== null) {
        const end = rest.indexOf(until);
        comment += end < 0 ? rest : rest.slice(0, end);
        rest = end < 0 ? "" : rest.slice(end + until.length);
        if (end >= 0) until = null;
        continue;
      }
      const block = noComments.has(language) ? null : /\/\*+|"""|'''|<!--/.exec(rest);
      const short = marker?.exec(withoutStrings(rest)) ?? null;
      if (block !== null && (short === null || block.index <= short.index)) {
        source += rest.slice(0, block.index);
        until = block[0].startsWith("/*") ? "*/" : block[0] === "<!--" ? "-->" : block[0];
        rest = rest.slice(block.index + block[0].length);
      } else if (short !== null) {
        source += rest.slice(0, short.index);
        comment += ` ${rest.slice(short.index + short[0].length)}`;
        rest = "";
      } else {
        source += rest;
        rest = "";
      }
    }
    const place = placeOf(index + 1);
    builder.add(source, "code", place);
    builder.add(comment.replace(/^[\s*/#]+/, ""), "text", place);
  }
}

/** The same length, with what stands in quotes blanked out, so that `"http://…"` opens no comment. */
function withoutStrings(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, (found) =>
    "_".repeat(found.length),
  );
}
