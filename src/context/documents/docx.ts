/**
 * Word documents (DOCX): paragraphs, headings, tables, notes. Mammoth reads them as HTML.
 */
import mammoth from "mammoth";
import { Archive } from "./archive.ts";
import type { DocumentBuilder } from "./document.ts";
import { addHtml } from "./html.ts";

/** @throws GlossaError `unsupported-document` when it is broken, encrypted, or unpacks to more than the limit */
export async function addDocx(bytes: Buffer, builder: DocumentBuilder): Promise<void> {
  const archive = await Archive.open(bytes, builder);
  // Mammoth unpacks by itself and without bounds.
  await archive.checkAll();
  let html: string;
  try {
    const result = await mammoth.convertToHtml(
      { buffer: bytes },
      {
        convertImage: mammoth.images.imgElement(async () => ({ src: "" })),
        styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh"],
      },
    );
    html = result.value;
  } catch (cause) {
    throw builder.refuseBroken((cause as Error).message, cause);
  }
  let paragraph = 0;
  let lastPart = -1;
  addHtml(html, builder, () => {
    // All of it is one line of HTML: count the blocks instead.
    if (builder.partCount !== lastPart) paragraph++;
    lastPart = builder.partCount;
    return { unit: "paragraph", number: paragraph };
  });
}
