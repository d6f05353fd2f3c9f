/**
 * Uploads that survive a broken connection: tus 1.0 (https://tus.io/protocols/resumable-upload), as much of it as one
 * file at a time needs.
 */
import { serverUrl } from "./client.ts";
import { Problem } from "./problem.ts";

const version = { "tus-resumable": "1.0.0" };
/** Proxies often limit how large one request may be. */
const chunkBytes = 32 * 1024 * 1024;
/** Waits before trying again, in milliseconds. */
const pauses = [500, 1000, 2000, 4000, 8000, 16_000];

export interface UploadOptions {
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
}

/** Uploads a file and returns its id for `createJob`. */
export async function uploadFile(file: File, options: UploadOptions): Promise<string> {
  const address = await createUpload(file, options.signal);
  let offset = 0;
  let failures = 0;
  while (offset < file.size) {
    try {
      offset = await sendChunk(address, file, offset, options);
      failures = 0;
    } catch (error) {
      options.signal.throwIfAborted();
      // Refusals do not change; what is worth another try is silence, a server error, or another idea of the offset.
      const isLasting = error instanceof Problem && error.status >= 400 && error.status < 500;
      const mayRepeat = !isLasting || (error as Problem).status === 409;
      if (!mayRepeat || failures >= pauses.length) throw error;
      await pause(pauses[failures++]!, options.signal);
      offset = (await offsetOf(address, options.signal)) ?? offset;
    }
  }
  return new URL(address).pathname.split("/").at(-1)!;
}

/** Announces a file and returns the address to send it to. */
async function createUpload(file: File, signal: AbortSignal): Promise<string> {
  const metadata = { filename: file.name, filetype: file.type };
  const encoded = Object.entries(metadata)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(",");
  const response = await fetch(serverUrl("v1/uploads"), {
    method: "POST",
    credentials: "same-origin",
    headers: { ...version, "upload-length": String(file.size), "upload-metadata": encoded },
    signal,
  }).catch((error: unknown) => {
    throw signal.aborted ? error : new Problem(0, "");
  });
  const location = response.headers.get("location");
  if (!response.ok || !location) throw Problem.ofBody(response.status, await response.text());
  return new URL(location, serverUrl("v1/uploads")).href;
}

/** How much of the upload the server has; null when it does not answer either. */
async function offsetOf(address: string, signal: AbortSignal): Promise<number | null> {
  try {
    const response = await fetch(address, { method: "HEAD", headers: version, signal, cache: "no-store" });
    const offset = Number(response.headers.get("upload-offset") ?? Number.NaN);
    return response.ok && Number.isFinite(offset) ? offset : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Sends one chunk and returns the offset after it. `fetch` does not tell how far a body has gone, so not with it. */
function sendChunk(
  address: string,
  file: File,
  offset: number,
  { signal, onProgress }: UploadOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PATCH", address);
    for (const [name, value] of Object.entries(version)) request.setRequestHeader(name, value);
    request.setRequestHeader("upload-offset", String(offset));
    request.setRequestHeader("content-type", "application/offset+octet-stream");
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(offset + loaded));
    request.addEventListener("load", () => {
      if (request.status >= 300) return reject(Problem.ofBody(request.status, request.responseText));
      const received = Number(request.getResponseHeader("upload-offset"));
      onProgress(received);
      return resolve(received);
    });
    request.addEventListener("error", () => reject(new Problem(0, "")));
    request.addEventListener("abort", () => reject(signal.reason as Error));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort, { once: true });
    request.send(file.slice(offset, offset + chunkBytes));
  });
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
