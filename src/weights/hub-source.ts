/**
 * Fetches files from the Hugging Face hub or a mirror of it, and goes on where an earlier download broke off.
 *
 * Environment: `HF_ENDPOINT` (default https://huggingface.co), `HF_TOKEN`, and the usual `HTTPS_PROXY`, `HTTP_PROXY`,
 * `NO_PROXY`.
 */
import { EnvHttpProxyAgent, request, type Dispatcher } from "undici";
import { GlossaError } from "../errors.ts";
import { IncomingFile } from "./incoming-file.ts";
import type { HubSource, ModelFile } from "./manifest.ts";
import { StallGuard, TransientError, withRetries, type TransferOptions } from "./transfer.ts";

const maximumRedirects = 5;

/**
 * Fetches one file into `folder`. A download that is cut leaves a `.part` file that the next one continues.
 * @throws GlossaError `model-unavailable`, `model-corrupt`, `write-failed`
 */
export async function fetchFromHub(
  file: ModelFile,
  source: HubSource,
  folder: string,
  options: TransferOptions = {},
): Promise<void> {
  const address = hubAddress(source);
  const dispatcher = new EnvHttpProxyAgent();
  try {
    await withRetries(() => download(file, address, folder, dispatcher, options), options);
  } finally {
    await dispatcher.destroy();
  }
}

function hubAddress({ repository, revision, path }: HubSource): URL {
  const endpoint = process.env.HF_ENDPOINT || "https://huggingface.co";
  const encodedPath = path.split("/").map(encodeURIComponent).join("/");
  try {
    return new URL(
      `${endpoint.replace(/\/+$/, "")}/${repository}/resolve/${encodeURIComponent(revision)}/${encodedPath}`,
    );
  } catch (cause) {
    throw new GlossaError("invalid-argument", `HF_ENDPOINT is no address: "${endpoint}".`, { cause });
  }
}

async function download(
  file: ModelFile,
  address: URL,
  folder: string,
  dispatcher: Dispatcher,
  options: TransferOptions,
): Promise<void> {
  let incoming = await IncomingFile.open(file, folder, true);
  let isResumed = incoming.receivedBytes > 0;
  const guard = new StallGuard(options);
  try {
    if (incoming.receivedBytes < file.bytes) {
      const response = await get(address, incoming.receivedBytes, dispatcher, guard);
      if (incoming.receivedBytes > 0 && !continuesAt(response, incoming.receivedBytes)) {
        // The server starts over: so does the file.
        await incoming.discard();
        if (response.statusCode === 416)
          throw new TransientError(`${address.host} cannot continue ${file.name}`);
        incoming = await IncomingFile.open(file, folder);
        isResumed = false;
      }
      for await (const chunk of response.body) {
        guard.touch();
        await incoming.write(chunk as Buffer);
        options.onBytes?.(file.name, incoming.receivedBytes);
      }
      if (incoming.receivedBytes < file.bytes) throw new Error("it closed too early");
    }
  } catch (error) {
    await incoming.keep();
    if (error instanceof GlossaError || error instanceof TransientError) throw error;
    throw guard.explain(address.host, error);
  } finally {
    guard.stop();
  }
  try {
    await incoming.finish();
  } catch (error) {
    const isWrong = error instanceof GlossaError && error.code === "model-corrupt";
    // The part that was there may be what is wrong; it is gone now.
    if (isResumed && isWrong) throw new TransientError(error.message, { cause: error });
    throw error;
  }
}

function continuesAt(response: Dispatcher.ResponseData, offset: number): boolean {
  const range = response.headers["content-range"];
  return response.statusCode === 206 && String(range).startsWith(`bytes ${offset}-`);
}

/** Sends the request and follows redirects; the token goes to the hub alone and not where it redirects to. */
async function get(
  start: URL,
  offset: number,
  dispatcher: Dispatcher,
  guard: StallGuard,
): Promise<Dispatcher.ResponseData> {
  let address = start;
  for (let redirects = 0; redirects <= maximumRedirects; redirects++) {
    const headers: Record<string, string> = { "user-agent": "glossa" };
    if (offset > 0) headers.range = `bytes=${offset}-`;
    if (process.env.HF_TOKEN && address.origin === start.origin) {
      headers.authorization = `Bearer ${process.env.HF_TOKEN}`;
    }
    const response = await request(address, { dispatcher, headers, signal: guard.signal });
    guard.touch();
    const { statusCode } = response;
    if (statusCode === 200 || statusCode === 206 || (statusCode === 416 && offset > 0)) return response;
    await response.body.dump();
    const location = response.headers.location;
    if (statusCode < 300 || statusCode >= 400 || typeof location !== "string") {
      throw refusal(statusCode, start);
    }
    address = new URL(location, address);
  }
  throw new GlossaError("model-unavailable", `${start.href} redirects more than ${maximumRedirects} times.`);
}

function refusal(statusCode: number, address: URL): Error {
  if (statusCode === 404) {
    return new GlossaError("model-unavailable", `${address.href} does not exist.`);
  }
  if (statusCode === 401 || statusCode === 403) {
    const advice = process.env.HF_TOKEN
      ? "check that the token in HF_TOKEN may read it, and accept the model's licence on its page"
      : "set HF_TOKEN to a token that may read it";
    return new GlossaError("model-unavailable", `${address.host} refuses ${address.href}: ${advice}.`);
  }
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) {
    return new TransientError(`${address.host} answered ${statusCode}`);
  }
  return new GlossaError("model-unavailable", `${address.host} answered ${statusCode} to ${address.href}.`);
}
