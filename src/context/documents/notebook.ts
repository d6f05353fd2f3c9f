/**
 * Jupyter notebooks: the text and code of the cells. What the cells printed is left out: it repeats names and holds noise.
 */
import { z } from "zod";
import type { DocumentBuilder, Place } from "./document.ts";
import { addMarkdown } from "./markdown.ts";
import { addCode } from "./source-code.ts";

const source = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat().join(""));
const schema = z.object({
  cells: z.array(z.looseObject({ cell_type: z.string(), source })),
  metadata: z
    .looseObject({ kernelspec: z.looseObject({ language: z.string().optional() }).optional() })
    .optional(),
});

/** @throws GlossaError `unsupported-document` when it is no notebook of format 4 */
export function addNotebook(json: string, builder: DocumentBuilder): void {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch (cause) {
    throw builder.refuse(`broken notebook: ${(cause as Error).message}`, cause);
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    throw builder.refuse(
      "not a notebook of format 4 (no `cells`); open and save it with a current Jupyter",
      parsed.error,
    );
  }
  const { cells, metadata } = parsed.data;
  const language = metadata?.kernelspec?.language?.toLowerCase() ?? "python";
  for (const [index, cell] of cells.entries()) {
    const stop = builder.exhausted;
    if (stop !== null) {
      builder.warn(`cells ${index + 1} to ${cells.length} were not read: ${stop}`);
      return;
    }
    const place: Place = { unit: "cell", number: index + 1 };
    if (cell.cell_type === "markdown") addMarkdown(cell.source, builder, () => place);
    else if (cell.cell_type === "code") addCode(withoutMagics(cell.source), language, builder, () => place);
    else builder.add(cell.source, "text", place);
  }
}

/** `%matplotlib inline` and `!pip install` are no code of the language. */
function withoutMagics(code: string): string {
  return code.replace(/^\s*%%?\w+/gm, "").replace(/^\s*!/gm, "");
}
