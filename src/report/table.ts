/** Tables with captions, whose columns can be sorted where the page's script runs. */
import { type Markup, type MarkupValue, markup } from "./markup.ts";
import { count } from "./numbers.ts";

export interface Column {
  name: string;
  /** Right-aligned, and sorted from high to low first. */
  isNumber?: boolean;
}

/** A cell: what is shown, and where that does not sort by itself what it is sorted by. */
export type Cell = MarkupValue | { shown: MarkupValue; sortBy: number | string };

export interface TableOptions {
  caption: MarkupValue;
  columns: readonly Column[];
  /** The first cell of a row is its heading. */
  rows: readonly (readonly Cell[])[];
  sortable?: boolean;
}

export function table({ caption, columns, rows, sortable = false }: TableOptions): Markup {
  const heads = columns.map(
    ({ name, isNumber }) => markup`<th scope="col" ${isNumber && markup` class="number"`}>${name}</th>`,
  );
  const body = rows.map((row) => {
    const cells = row.map((cell, index) => {
      const { shown, sortBy } = isSorted(cell) ? cell : { shown: cell, sortBy: null };
      const attributes = markup`${columns[index].isNumber && markup` class="number"`}${sortBy !== null && markup` data-sort="${sortBy}"`}`;
      return index === 0
        ? markup`<th scope="row" ${attributes}>${shown}</th>`
        : markup`<td${attributes}>${shown}</td>`;
    });
    return markup`<tr>${cells}</tr>`;
  });
  return markup`<div class="scroll" tabindex="0"><table${sortable && markup` class="sortable"`}><caption>${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function isSorted(cell: Cell): cell is { shown: MarkupValue; sortBy: number | string } {
  return typeof cell === "object" && cell !== null && "sortBy" in cell;
}

/** The first items, and the rest behind a fold that says how many there are. */
export function folded<T>(
  items: readonly T[],
  shown: number,
  noun: string,
  render: (items: readonly T[]) => Markup,
): Markup {
  if (items.length <= shown) return render(items);
  const rest = items.slice(shown);
  return markup`${render(items.slice(0, shown))}<details><summary>${count(rest.length)} more ${noun}</summary>${render(rest)}</details>`;
}
