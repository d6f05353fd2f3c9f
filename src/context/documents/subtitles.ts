/**
 * Subtitles (SRT, WebVTT, SSA/ASS, SBV, LRC, SMI): what was said or written, with its time.
 */
import { parse } from "subsrt-ts";
import type { DocumentBuilder } from "./document.ts";

/** @throws GlossaError `unsupported-document` when there is no caption in it */
export function addSubtitles(text: string, format: string, builder: DocumentBuilder): void {
  let captions: ReturnType<typeof parse>;
  try {
    captions = parse(text, { format });
  } catch (cause) {
    throw builder.refuse(`not ${format.toUpperCase()} subtitles: ${(cause as Error).message}`, cause);
  }
  const spoken = captions.filter((caption) => caption.type === "caption");
  if (spoken.length === 0)
    throw builder.refuse(`not ${format.toUpperCase()} subtitles: no captions with times`);
  for (const { start, text: line, content } of spoken) {
    if (builder.exhausted !== null) return;
    // Tags such as <i> and {\an8} are left over in some formats.
    const plain = (line || content).replace(/<[^>]*>|\{?\\[^}]*\}/g, "");
    builder.add(plain, "text", { unit: "second", number: start / 1000 });
  }
}
