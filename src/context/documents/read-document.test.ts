import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadLimits } from "./document.ts";
import { readContext } from "./read-context.ts";
import { readDocument } from "./read-document.ts";
import { bomb, docxOf, epubOf, pdfOf, pptxOf } from "./testing/documents.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-documents-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, content: string | Uint8Array, limits: Partial<ReadLimits> = {}) {
  const path = join(folder, name);
  await writeFile(path, content);
  const document = await readDocument(path, { limits });
  const parts = document.parts.map(
    ({ text, role, place }) => `${place.unit} ${place.number} ${role}: ${text}`,
  );
  return {
    ...document,
    lines: parts,
    warnings: document.warnings.map((warning) => warning.replace(`${path}: `, "")),
  };
}

describe("readDocument", () => {
  it("reads plain text as paragraphs with their lines", async () => {
    const { lines, format } = await read("notes.txt", "\uFEFFFirst line\r\nand more\r\n\r\n北京大学\r\n");
    expect(format).toBe("text");
    expect(lines).toEqual(["line 1 text: First line\nand more", "line 4 text: 北京大学"]);
  });

  it("reads Chinese text in GB 18030 and says so", async () => {
    const bytes = Buffer.from("d3efd2f4cab6b1f0b5c4c4a3d0cd", "hex");
    expect(await read("old.txt", bytes)).toMatchObject({
      lines: ["line 1 text: 语音识别的模型"],
      warnings: ["not UTF-8; read as GB 18030"],
    });
  });

  it("reads Markdown: headings, what is set apart, code and comments", async () => {
    const markdown =
      "---\ntitle: x\n---\n# RoPE in `vLLM`\n\nUse **LoRA** here.\n\n```python\nrank = 8  # of QLoRA\n```\n";
    const { parts, lines } = await read("notes.md", markdown);
    expect(lines).toEqual([
      "line 4 title: RoPE in vLLM",
      "line 6 text: Use LoRA here.",
      "line 9 code: rank = 8",
      "line 9 text: of QLoRA",
    ]);
    expect(parts.slice(0, 2).map(({ marked }) => marked)).toEqual([["vLLM"], ["LoRA"]]);
  });

  it("reads HTML without scripts and menus", async () => {
    const html =
      '<!doctype html><html><head><meta name="author" content="Ada Lovelace"><title>A &amp; B</title><script>var x</script></head>\n' +
      "<body><nav>Home</nav><h1>Title</h1>\n<p>One <b>bold\nword</b>,<br>next</p><pre>let a = 1\nlet b</pre></body></html>";
    const { lines } = await read("page.html", html);
    expect(lines).toEqual([
      "line 1 name: Ada Lovelace",
      "line 1 title: A & B",
      "line 2 title: Title",
      "line 3 text: One bold word,\nnext",
      "line 4 code: let a = 1\nlet b",
    ]);
  });

  it("reads PDF page by page, large print as titles", async () => {
    const { lines, pages } = await read(
      "deck.pdf",
      pdfOf(["# Attention pooling\nLoRA rank 8", "Second page"]),
    );
    expect(lines).toEqual([
      "page 1 title: Attention pooling",
      "page 1 text: LoRA rank 8",
      "page 2 text: Second page",
    ]);
    expect(pages).toBe(2);
  });

  it("reads presentations in the order of the show, with notes and without page numbers", async () => {
    const slides = [
      { title: "First", lines: ["LoRA &amp; RoPE"], notes: "Say hello" },
      { title: "Second", lines: [] },
    ];
    expect((await read("deck.pptx", pptxOf(slides))).lines).toEqual([
      "slide 1 title: First",
      "slide 1 text: LoRA & RoPE",
      "slide 1 text: Say hello",
      "slide 2 title: Second",
    ]);
  });

  it("reads Word documents", async () => {
    expect((await read("paper.docx", docxOf(["# Method", "We use LoRA."]))).lines).toEqual([
      "paragraph 1 title: Method",
      "paragraph 2 text: We use LoRA.",
    ]);
  });

  it("reads books in reading order", async () => {
    const { lines } = await read("book.epub", epubOf(["<h1>One</h1><p>Text</p>", "<p>Two</p>"]));
    expect(lines).toEqual([
      "chapter 1 title: A Book",
      "chapter 1 name: Ada Lovelace",
      "chapter 1 title: One",
      "chapter 1 text: Text",
      "chapter 2 text: Two",
    ]);
  });

  it.each([
    ["srt", "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> LoRA\n\n"],
    ["vtt", "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello LoRA\n"],
    [
      "ass",
      "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n" +
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\an8}Hello LoRA\n",
    ],
  ])("reads %s subtitles with times", async (format, content) => {
    expect((await read(`talk.${format}`, content)).lines).toEqual(["second 1 text: Hello LoRA"]);
  });

  it("tells code from comments in source code", async () => {
    const { lines } = await read(
      "model.py",
      'def forward(self, x):\n    """Applies RoPE."""\n    return "#1"  # the K8s way\n',
    );
    expect(lines).toEqual([
      "line 1 code: def forward(self, x):",
      "line 2 text: Applies RoPE.",
      'line 3 code: return "#1"',
      "line 3 text: the K8s way",
    ]);
  });

  it("reads the cells of notebooks without what they printed", async () => {
    const cells = [
      { cell_type: "markdown", source: ["# Title\n", "Text"] },
      { cell_type: "code", source: "%matplotlib inline\nimport torch", outputs: [{ text: "noise" }] },
    ];
    expect((await read("run.ipynb", JSON.stringify({ cells, nbformat: 4 }))).lines).toEqual([
      "cell 1 title: Title",
      "cell 1 text: Text",
      "cell 2 code: inline",
      "cell 2 code: import torch",
    ]);
  });

  it("reads BibTeX with accents, and counts broken entries", async () => {
    const entry =
      "@article{hu, title={{LoRA}: Low-Rank}, author={Hu, Edward and Caf{\\'e}, Ana}, keywords={fine-tuning}}\n@misc{b, title={x";
    const { lines, warnings } = await read("refs.bib", entry);
    expect(lines).toEqual([
      "line 1 title: LoRA: Low-Rank",
      "line 1 name: fine-tuning",
      "line 1 name: Edward Hu",
      "line 1 name: Ana Café",
    ]);
    expect(warnings).toEqual([expect.stringMatching(/^1 broken entries were not read/)]);
  });

  it("reads LaTeX without its commands", async () => {
    expect(
      (await read("paper.tex", "\\section{Method} % note\nWe use \\emph{LoRA} \\cite{hu} with $x^2$.\n"))
        .lines,
    ).toEqual(["line 1 text: Method\nWe use LoRA with ."]);
  });

  it("finds the kind by the content when the ending is wrong", async () => {
    expect((await read("misnamed.txt", pdfOf(["Hello there PDF"]))).format).toBe("PDF");
    expect((await read("zipped.docx", pptxOf([{ title: "Hello", lines: [] }]))).format).toBe("PPTX");
  });
});

describe("readDocument refuses", () => {
  const ole = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(600)]);
  const encryptedPdf = pdfOf(
    ["secret"],
    "/Encrypt<</Filter/Standard/V 1/R 2/O<1f9e8d7c6b5a49382716050f1e2d3c4b5a69788796a5b4c3d2e1f00112233445>" +
      "/U<2f9e8d7c6b5a49382716050f1e2d3c4b5a69788796a5b4c3d2e1f00112233445>/P -4>>/ID[<00><00>]",
  );
  const encryptedZip = docxOf(["secret"]);
  // The flag of encryption in every local header and directory entry.
  for (let i = 0; i + 4 < encryptedZip.length; i++) {
    const signature = encryptedZip.readUInt32LE(i);
    if (signature === 0x04034b50) encryptedZip[i + 6]! |= 1;
    if (signature === 0x02014b50) encryptedZip[i + 8]! |= 1;
  }
  it.each([
    [
      "cut.pdf",
      pdfOf(["x"]).subarray(0, 60),
      /cut\.pdf: broken: .*; open it in the program that made it and save it again/,
    ],
    ["not.pdf", Buffer.from("hello"), /not a PDF file, but plain text/],
    ["secret.pdf", encryptedPdf, /encrypted; remove the password/],
    ["secret.docx", encryptedZip, /encrypted; remove the password/],
    ["old.doc", ole, /old or encrypted Office file|old Word file/],
    ["protected.pptx", ole, /old or encrypted Office file/],
    ["cut.pptx", pptxOf([{ title: "x", lines: [] }]).subarray(0, 300), /broken: /],
    [
      "bomb.docx",
      bomb("word/document.xml", 64, { "_rels/.rels": new Uint8Array(8) }),
      /unpacks to more than 8 MiB/,
    ],
    [
      "drm.epub",
      epubOf(["x"], { "META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="http://aes"/></e>' }),
      /rights/,
    ],
    ["sheet.rtf", Buffer.from("{\\rtf1 hello}"), /rich text/],
    ["data.bin", Buffer.from([0, 1, 2, 3, 0, 0]), /binary data/],
    ["talk.mp3", Buffer.from("fLaC\0\0\0\x22rest", "latin1"), /a recording/],
    ["cut.png", Buffer.from("89504e470d0a1a0a0000000d49484452000000", "hex"), /picture/],
    ["run.ipynb", "{}", /not a notebook of format 4/],
    ["run2.ipynb", "{", /broken notebook/],
    ["talk.srt", "no captions here", /not SRT subtitles/],
    ["huge.txt", Buffer.alloc(2 ** 21, "a "), /larger than 1 MiB/],
  ])("%s, and says why", async (name, content, message) => {
    const failure = read(name, content, { unpackedBytes: 8 * 2 ** 20, fileBytes: 2 ** 20 });
    await expect(failure).rejects.toMatchObject({
      code: "unsupported-document",
      message: expect.stringMatching(message),
    });
  });

  it("missing files and folders", async () => {
    await expect(readDocument(join(folder, "none.pdf"))).rejects.toMatchObject({ code: "unreadable-input" });
    await expect(readDocument(folder)).rejects.toMatchObject({ code: "unreadable-input" });
  });
});

describe("readDocument within bounds", () => {
  it("reads as many pages as it may and names the rest", async () => {
    const pages = Array.from({ length: 30 }, (_, i) => `This is the text of page ${i + 1}`);
    const { parts, warnings } = await read("long.pdf", pdfOf(pages), { pages: 4 });
    expect(parts.at(-1)!.text).toBe("This is the text of page 4");
    expect(warnings).toEqual(["pages 5 to 30 were not read: there are more than 4 of them"]);
  });

  it("stops when time is up", async () => {
    const { warnings } = await read("slow.pdf", pdfOf(["one page of text", "another page of text"]), {
      seconds: 0,
    });
    expect(warnings).toEqual(["pages 1 to 2 were not read: reading took longer than 0 s"]);
  });

  it("keeps as many characters as it may", async () => {
    const { parts, warnings } = await read("long.txt", "word ".repeat(1000), { characters: 99 });
    expect(parts.map(({ text }) => text.length).reduce((a, b) => a + b)).toBe(99);
    expect(warnings).toEqual(["only the first 99 characters were read"]);
  });

  it("reads 1,000 pages of PDF in seconds", async () => {
    const pages = Array.from(
      { length: 1000 },
      (_, i) => `# Page ${i}\n${"Attention pooling with LoRA and RoPE. ".repeat(3)}`,
    );
    const before = process.cpuUsage();
    const { pages: count } = await read("thousand.pdf", pdfOf(pages));
    expect(count).toBe(1000);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
  }, 120_000);

  it("stops when aborted", async () => {
    const path = join(folder, "abort.txt");
    await writeFile(path, "text");
    await expect(readDocument(path, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });

  it("says when there is nothing in it", async () => {
    expect((await read("empty.txt", "")).warnings).toEqual(["is empty (0 bytes)"]);
    expect((await read("blank.md", "\n\n")).warnings).toEqual(["holds no text"]);
    expect((await read("empty.pdf", "")).warnings).toEqual(["is empty (0 bytes)"]);
  });
});

describe("readContext", () => {
  it("reads folders in order and says what it could not read", async () => {
    const root = join(folder, "talks");
    await mkdir(join(root, "b", "node_modules"), { recursive: true });
    await writeFile(join(root, "b", "two.md"), "# Two");
    await writeFile(join(root, "a.txt"), "One");
    await writeFile(join(root, ".hidden"), "no");
    await writeFile(join(root, "b", "node_modules", "x.txt"), "no");
    await writeFile(join(root, "c.bin"), Buffer.from([0, 0, 0]));
    const { documents, warnings } = await readContext([root]);
    expect(documents.map(({ parts }) => parts[0]!.text)).toEqual(["One", "Two"]);
    expect(warnings).toEqual([expect.stringMatching(/talks: 1 file not read \(.*c\.bin: binary data/)]);
  });
});
