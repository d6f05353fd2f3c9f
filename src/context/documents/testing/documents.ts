/**
 * Small documents of every kind, made for the tests.
 */
import { strToU8, zipSync } from "fflate";

const archive = (files: Record<string, string>) =>
  Buffer.from(
    zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))),
  );

/** A PDF with a page for each text; lines that begin with `# ` stand in large print. */
export function pdfOf(pages: readonly string[], extra = ""): Buffer {
  const objects: string[] = [];
  const add = (body: string) => objects.push(body);
  add("<</Type/Catalog/Pages 2 0 R>>");
  add(`<</Type/Pages/Count ${pages.length}/Kids[${pages.map((_, i) => `${4 + 2 * i} 0 R`).join(" ")}]>>`);
  add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>");
  for (const [index, page] of pages.entries()) {
    const lines = page.split("\n").map((line, number) => {
      const title = line.startsWith("# ");
      const text = line.replace(/^# /, "").replace(/[\\()]/g, "\\$&");
      return `BT /F1 ${title ? 24 : 12} Tf 50 ${740 - 30 * number} Td (${text}) Tj ET`;
    });
    const content = lines.join("\n");
    add(
      "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>" +
        `/Contents ${5 + 2 * index} 0 R>>`,
    );
    add(`<</Length ${content.length}>>stream\n${content}\nendstream`);
  }
  return assemble(objects, extra);
}

/** A PDF whose only page is a picture in shades of grey. */
export function scannedPdf(pixels: Uint8Array, width: number, height: number): Buffer {
  const draw = `q 612 0 0 ${Math.round((612 * height) / width)} 0 100 cm /I Do Q`;
  const image = Buffer.from(pixels).toString("hex");
  return assemble([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Count 1/Kids[3 0 R]>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</XObject<</I 5 0 R>>>>/Contents 4 0 R>>",
    `<</Length ${draw.length}>>stream\n${draw}\nendstream`,
    `<</Type/XObject/Subtype/Image/Width ${width}/Height ${height}/ColorSpace/DeviceGray/BitsPerComponent 8` +
      `/Filter/ASCIIHexDecode/Length ${image.length + 1}>>stream\n${image}>\nendstream`,
  ]);
}

function assemble(objects: readonly string[], extra = ""): Buffer {
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return String(offset).padStart(10, "0");
  });
  const start = body.length;
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${offset} 00000 n \n`).join("")}`;
  body += `trailer<</Size ${objects.length + 1}/Root 1 0 R${extra}>>\nstartxref\n${start}\n%%EOF`;
  return Buffer.from(body, "latin1");
}

const paragraph = (text: string, style = "") =>
  `<w:p>${style === "" ? "" : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;

/** A Word document; lines that begin with `# ` are headings. */
export function docxOf(lines: readonly string[], more: Record<string, string> = {}): Buffer {
  const body = lines
    .map((line) => (line.startsWith("# ") ? paragraph(line.slice(2), "Heading1") : paragraph(line)))
    .join("");
  const relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  return archive({
    "[Content_Types].xml":
      '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels":
      '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
      `<Relationship Id="rId1" Type="${relationships}/officeDocument" Target="word/document.xml"/></Relationships>`,
    "word/document.xml":
      '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">' +
      `<w:body>${body}</w:body></w:document>`,
    "word/styles.xml":
      '<?xml version="1.0"?><w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">' +
      '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>',
    "word/_rels/document.xml.rels":
      '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
      `<Relationship Id="rId1" Type="${relationships}/styles" Target="styles.xml"/></Relationships>`,
    ...more,
  });
}

export interface FakeSlide {
  readonly title: string;
  readonly lines: readonly string[];
  readonly notes?: string;
}

/** A presentation; its files are numbered backwards, so that only the order of the show is right. */
export function pptxOf(slides: readonly FakeSlide[]): Buffer {
  const relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const names =
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ' +
    `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="${relationships}"`;
  const number = (index: number) => slides.length - index;
  const rels = (entries: readonly string[]) =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${entries.join("")}</Relationships>`;
  const files: Record<string, string> = {
    "[Content_Types].xml":
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/ppt/presentation.xml" ' +
      'ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>',
    "ppt/presentation.xml": `<p:presentation ${names}><p:sldIdLst>${slides
      .map((_, i) => `<p:sldId id="${256 + i}" r:id="rId${i + 1}"/>`)
      .join("")}</p:sldIdLst></p:presentation>`,
    "ppt/_rels/presentation.xml.rels": rels(
      slides.map(
        (_, i) =>
          `<Relationship Id="rId${i + 1}" Type="${relationships}/slide" Target="slides/slide${number(i)}.xml"/>`,
      ),
    ),
  };
  const text = (line: string) => `<a:p><a:r><a:t>${line}</a:t></a:r></a:p>`;
  for (const [index, slide] of slides.entries()) {
    files[`ppt/slides/slide${number(index)}.xml`] =
      `<p:sld ${names}><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody>${text(slide.title)}</p:txBody></p:sp>` +
      `<p:sp><p:txBody>${slide.lines.map(text).join("")}</p:txBody></p:sp>` +
      `<p:sp><p:txBody><a:p><a:fld type="slidenum"><a:t>${index + 1}</a:t></a:fld></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>`;
    if (slide.notes === undefined) continue;
    files[`ppt/slides/_rels/slide${number(index)}.xml.rels`] = rels([
      `<Relationship Id="rId1" Type="${relationships}/notesSlide" Target="../notesSlides/notesSlide${index}.xml"/>`,
    ]);
    files[`ppt/notesSlides/notesSlide${index}.xml`] =
      `<p:notes ${names}><p:cSld><p:spTree><p:sp><p:txBody>${text(slide.notes)}</p:txBody></p:sp></p:spTree></p:cSld></p:notes>`;
  }
  return archive(files);
}

/** A book with a chapter for each body of XHTML. */
export function epubOf(chapters: readonly string[], more: Record<string, string> = {}): Buffer {
  return archive({
    mimetype: "application/epub+zip",
    "META-INF/container.xml":
      '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>' +
      '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    "OEBPS/book.opf":
      '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Book</dc:title>' +
      `<dc:creator>Ada Lovelace</dc:creator></metadata><manifest>${chapters
        .map((_, i) => `<item id="c${i}" href="text/chapter%20${i}.xhtml"/>`)
        .join(
          "",
        )}</manifest><spine>${chapters.map((_, i) => `<itemref idref="c${i}"/>`).join("")}</spine></package>`,
    ...Object.fromEntries(
      chapters.map((body, i) => [`OEBPS/text/chapter ${i}.xhtml`, `<html><body>${body}</body></html>`]),
    ),
    ...more,
  });
}

/** A zip that unpacks to `megabytes` of zeros under the name given. */
export function bomb(name: string, megabytes: number, others: Record<string, Uint8Array> = {}): Buffer {
  return Buffer.from(zipSync({ ...others, [name]: new Uint8Array(megabytes * 2 ** 20) }, { level: 9 }));
}
