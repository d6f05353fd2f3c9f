/**
 * Books (EPUB): the chapters in reading order.
 */
import { Parser } from "htmlparser2";
import { Archive, resolveEntry } from "./archive.ts";
import type { DocumentBuilder } from "./document.ts";
import { addHtml } from "./html.ts";

/** Obfuscated fonts are no protection of the text. */
const fontObfuscation = /idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC/;

/** @throws GlossaError `unsupported-document` when it is broken, protected, or unpacks to more than the limit */
export async function addEpub(bytes: Buffer, builder: DocumentBuilder): Promise<void> {
  const archive = await Archive.open(bytes, builder);
  const encryption = await archive.readText("META-INF/encryption.xml");
  if (encryption !== null) {
    const algorithms = [...encryption.matchAll(/EncryptionMethod[^>]+Algorithm="([^"]+)"/g)].map(
      ([, name]) => name!,
    );
    if (algorithms.some((name) => !fontObfuscation.test(name))) {
      throw builder.refuse("protected by digital rights management; give a copy without it");
    }
  }
  const container = await archive.readText("META-INF/container.xml");
  const packagePath = container === null ? undefined : attributesOf(container, "rootfile")[0]?.["full-path"];
  const content = packagePath === undefined ? null : await archive.readText(packagePath);
  if (packagePath === undefined || content === null)
    throw builder.refuse("not a book (no package file in it)");

  const items = new Map(attributesOf(content, "item").map((item) => [item.id, item.href]));
  const chapters = attributesOf(content, "itemref").flatMap(({ idref }) => {
    const href = items.get(idref);
    return href === undefined ? [] : [resolveEntry(packagePath, href)];
  });
  addMetadata(content, builder);
  for (const [index, chapter] of chapters.entries()) {
    const stop = builder.exhausted;
    if (stop !== null) {
      builder.warn(`chapters ${index + 1} to ${chapters.length} were not read: ${stop}`);
      return;
    }
    const html = await archive.readText(chapter);
    if (html === null) builder.warn(`chapter ${index + 1} (${chapter}) is missing in the file`);
    else addHtml(html, builder, () => ({ unit: "chapter", number: index + 1 }));
    builder.pageDone(chapters.length);
  }
}

function addMetadata(content: string, builder: DocumentBuilder): void {
  for (const [, field, value] of content.matchAll(/<dc:(title|creator|contributor|subject)[^>]*>([^<]+)</g)) {
    builder.add(value!, field === "title" ? "title" : "name", { unit: "chapter", number: 1 });
  }
}

/** The attributes of all elements of a name, whatever their prefix. */
function attributesOf(xml: string, element: string): Record<string, string>[] {
  const found: Record<string, string>[] = [];
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name.replace(/^.*:/, "") === element) found.push(attributes);
      },
    },
    { xmlMode: true },
  );
  parser.write(xml);
  parser.end();
  return found;
}
