/**
 * A tagged template for HTML and SVG that escapes whatever is put into it, so that no text of a recording can become
 * markup:
 *
 *     markup`<p>${hypothesis}</p>`
 *
 * It is not called `html`, as formatters would then add white space, which shows between words.
 */

/** Finished markup. Everything else that is put into a template is text. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** What may be put into a template: text, numbers, markup, lists of these; null, undefined and false are nothing. */
export type MarkupValue = Markup | string | number | null | undefined | false | readonly MarkupValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Markup with its values escaped. Values stand in elements or in quoted attributes, nowhere else. */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  let source = strings[0];
  for (const [index, value] of values.entries()) source += toSource(value) + strings[index + 1];
  return new Markup(source);
}

function toSource(value: MarkupValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Markup) return value.source;
  if (typeof value === "object") return value.map(toSource).join("");
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
