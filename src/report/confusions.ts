/** What was most often taken for what. */
import type { Confusion } from "../eval/confusions.ts";
import type { Markup } from "./markup.ts";
import { count } from "./numbers.ts";
import { folded, table } from "./table.ts";

const shownAtFirst = 15;

export function confusions(pairs: readonly Confusion[]): Markup {
  return folded(pairs, shownAtFirst, "pairs", (part) =>
    table({
      caption: "Substitutions, the most frequent first.",
      columns: [{ name: "Said" }, { name: "Heard" }, { name: "Times", isNumber: true }],
      rows: part.map(({ reference, hypothesis, count: times }) => [reference, hypothesis, count(times)]),
      sortable: true,
    }),
  );
}
