/** Terms as people type or paste them: one a line, `#` begins a remark. */
import { TermCollector } from "../../src/context/term-list.ts";
import type { Term } from "../api/types.ts";

/** The terms of the lines, each once. Lines that are too long to be a term are left out; see `isProse`. */
export function termsOf(lines: string): Term[] {
  const collector = new TermCollector("page");
  for (const [index, line] of lines.split(/\r\n?|\n/).entries()) {
    if (/^\s*(?:#(?:\s.*)?)?$/.test(line)) continue;
    collector.add(line, String(index + 1));
  }
  return collector.finish().terms.map(({ text }) => ({ text }));
}

/** Whether a text reads like a document, whose terms must be found first, and not like a list of terms. */
export function isProse(pasted: string): boolean {
  const lines = pasted.split(/\r\n?|\n/).filter((line) => line.trim() !== "");
  const sentences = lines.filter((line) => line.trim().split(/\s+/).length > 9 || /[。！？；]./u.test(line));
  return sentences.length > 0 && sentences.length * 2 >= lines.length;
}
