/**
 * Presentations (PPTX): the text of every slide in the order of the show, its tables, diagrams and speaker notes.
 */
import { Parser } from "htmlparser2";
import { Archive, resolveEntry } from "./archive.ts";
import type { DocumentBuilder, Place } from "./document.ts";

/** @throws GlossaError `unsupported-document` when it is broken, encrypted, or unpacks to more than the limit */
export async function addPresentation(bytes: Buffer, builder: DocumentBuilder): Promise<void> {
  const archive = await Archive.open(bytes, builder);
  const main = "ppt/presentation.xml";
  const presentation = await archive.readText(main);
  if (presentation === null) throw builder.refuse("not a presentation (no ppt/presentation.xml in it)");
  const parts = await relations(archive, main);
  const slides = slideOrder(presentation).flatMap((id) => parts.get(id)?.target ?? []);
  let pictures = 0;
  for (const [index, slide] of slides.entries()) {
    const stop = builder.exhausted;
    if (stop !== null) {
      builder.warn(`slides ${index + 1} to ${slides.length} were not read: ${stop}`);
      return;
    }
    const place: Place = { unit: "slide", number: index + 1 };
    const xml = await archive.readText(slide);
    if (xml === null) {
      builder.warn(`slide ${index + 1} is missing in the file`);
      continue;
    }
    const before = builder.partCount;
    addDrawing(xml, builder, place);
    let hasPicture = false;
    for (const { type, target } of (await relations(archive, slide)).values()) {
      if (type === "image") hasPicture = true;
      if (type !== "notesSlide" && type !== "diagramData" && type !== "chart") continue;
      const related = await archive.readText(target);
      if (related !== null) addDrawing(related, builder, place);
    }
    if (hasPicture && builder.partCount === before) pictures++;
    builder.pageDone(slides.length);
  }
  if (pictures > 0) {
    builder.warn(
      `${pictures} slides hold pictures only, which were not read; export the slides as PDF to have them read`,
    );
  }
}

interface Relation {
  /** The last word of its type, such as `notesSlide`. */
  readonly type: string;
  /** The entry that it points to. */
  readonly target: string;
}

/** What a part of the file refers to, by identifier. */
async function relations(archive: Archive, part: string): Promise<Map<string, Relation>> {
  const xml = await archive.readText(part.replace(/([^/]+)$/, "_rels/$1.rels"));
  const found = new Map<string, Relation>();
  if (xml === null) return found;
  readXml(xml, (name, attributes) => {
    if (name !== "Relationship" || attributes.TargetMode === "External") return;
    const { Id, Target, Type } = attributes;
    if (Id && Target && Type) {
      found.set(Id, { type: Type.split("/").at(-1)!, target: resolveEntry(part, Target) });
    }
  });
  return found;
}

function slideOrder(presentation: string): string[] {
  const order: string[] = [];
  readXml(presentation, (name, attributes) => {
    if (name === "p:sldId" && attributes["r:id"]) order.push(attributes["r:id"]);
  });
  return order;
}

/** The paragraphs (`a:p`) of a drawing; those in a title's placeholder as titles. Fields (page numbers, dates) are left out. */
function addDrawing(xml: string, builder: DocumentBuilder, place: Place): void {
  let paragraph = "";
  let marked: string[] = [];
  let isTitle = false;
  let isBold = false;
  let inField = 0;
  let inText = 0;
  const flush = () => {
    builder.add(paragraph, isTitle ? "title" : "text", place, { marked });
    paragraph = "";
    marked = [];
  };
  readXml(
    xml,
    (name, attributes) => {
      if (name === "p:sp") isTitle = false;
      else if (name === "p:ph") isTitle = attributes.type === "title" || attributes.type === "ctrTitle";
      else if (name === "a:r") isBold = false;
      else if (name === "a:rPr") isBold = attributes.b === "1" || attributes.i === "1";
      else if (name === "a:fld") inField++;
      else if (name === "a:t" || name === "c:v") inText++;
      else if (name === "a:br") paragraph += "\n";
    },
    (name) => {
      if (name === "a:fld") inField--;
      else if (name === "a:t") inText--;
      else if (name === "a:p") flush();
      else if (name === "c:v") {
        inText--;
        // Numbers of a chart are no words.
        if (/\p{L}/u.test(paragraph)) flush();
        else paragraph = "";
      }
    },
    (text) => {
      if (inText === 0 || inField > 0) return;
      paragraph += text;
      const words = text.trim();
      if (isBold && words !== "" && words.length <= 60) marked.push(words);
    },
  );
  flush();
}

function readXml(
  xml: string,
  onOpen: (name: string, attributes: Record<string, string>) => void,
  onClose?: (name: string) => void,
  onText?: (text: string) => void,
): void {
  const parser = new Parser({ onopentag: onOpen, onclosetag: onClose, ontext: onText }, { xmlMode: true });
  parser.write(xml);
  parser.end();
}
