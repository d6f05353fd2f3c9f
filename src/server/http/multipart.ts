/**
 * Forms with files: files go to the disk as they come, within limits; fields are collected.
 */
import { createWriteStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { extname } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import type { DataFolder } from "../data-folder.ts";
import { newIdentifier } from "../identifiers.ts";
import { fieldProblem, Problem } from "./problem.ts";

/** A file of a form, on the disk. */
export interface FormFile {
  readonly field: string;
  /** Last part of the name that the client gave, without folders and control characters. */
  readonly name: string;
  readonly mediaType: string | null;
  readonly path: string;
  readonly bytes: number;
}

export interface Form extends AsyncDisposable {
  /** Every field that was given, `[]` at the end of its name taken off. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly files: readonly FormFile[];
}

export interface FormLimits {
  /** File fields that are taken, with the largest size of each. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly count: number }>>;
}

/** All text fields of a form together; they are held in memory. */
const mostFieldCharacters = 16 * 1024 * 1024;

/**
 * Reads a form. Files that are not moved away are deleted when the form is disposed.
 *
 * @throws Problem 400, 408, 413, 415
 */
export async function readForm(request: FastifyRequest, data: DataFolder, limits: FormLimits): Promise<Form> {
  if (!request.isMultipart()) throw new Problem(415, "Expected multipart/form-data.");
  const fields = new Map<string, string[]>();
  const files: FormFile[] = [];
  const dispose = async () => {
    await Promise.all(files.map(({ path }) => rm(path, { force: true })));
  };
  let fieldCharacters = 0;
  try {
    for await (const part of request.parts()) {
      const field = part.fieldname.replace(/\[\]$/, "");
      if (part.type === "field") {
        if (part.valueTruncated || part.fieldnameTruncated)
          throw new Problem(413, `${field}: longer than 1 MiB`);
        if (typeof part.value !== "string") throw fieldProblem(field, "expected text");
        fieldCharacters += part.value.length;
        if (fieldCharacters > mostFieldCharacters)
          throw new Problem(413, "All fields together: longer than 16 MiB; give long lists as a file");
        const values = fields.get(field);
        if (values) values.push(part.value);
        else fields.set(field, [part.value]);
        continue;
      }
      const limit = Object.hasOwn(limits.files, field) ? limits.files[field] : undefined;
      if (!limit) {
        throw fieldProblem(
          field,
          `no file is expected here; files go into ${Object.keys(limits.files).join(", ")}`,
        );
      }
      if (files.filter((file) => file.field === field).length >= limit.count) {
        throw fieldProblem(field, `at most ${limit.count} files`);
      }
      const name = safeName(part.filename);
      const path = data.incoming(newIdentifier("file") + safeEnding(name));
      const file = { field, name, mediaType: part.mimetype ?? null, path, bytes: 0 };
      files.push(file);
      const room = await data.freeBytes();
      await pipeline(
        part.file,
        limited(Math.min(limit.bytes, room), () =>
          room < limit.bytes
            ? new Problem(507, "There is no room left on the server.")
            : new Problem(413, `${field}: larger than ${limit.bytes} bytes`),
        ),
        createWriteStream(path, { flush: true }),
      );
      file.bytes = (await stat(path)).size;
    }
    return { fields, files, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function limited(bytes: number, error: () => Problem): Transform {
  let received = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > bytes) done(error());
      else done(null, chunk);
    },
  });
}

/** The last part of a path, of at most 200 characters, without anything that could be taken for more than a name. */
export function safeName(name: string | undefined): string {
  const last = (name ?? "").split(/[\\/]/).at(-1)!;
  const clean = Array.from(last.replace(/[\p{Cc}\p{Cf}]/gu, "").trim());
  const kept = clean.slice(-200).join("");
  return kept === "" || kept === "." || kept === ".." ? "recording" : kept;
}

/** The ending of a name, where it is a plain one: term files and documents are told by it. */
export function safeEnding(name: string): string {
  const ending = extname(name).toLowerCase();
  return /^\.[a-z0-9]{1,8}$/.test(ending) ? ending : "";
}

/** The first bytes of a file. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
  return buffer.subarray(0, bytesRead);
}
