/** Where the report finds the recordings: beside it on disk, or inside itself. */
import { readFile, stat } from "node:fs/promises";
import { dirname, extname, isAbsolute, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** For the path of every recording the URL that the page plays it from; a `data:` URL holds the recording itself. */
export type Clips = ReadonlyMap<string, string>;

/** Recordings above this size are never put into the page: about ten minutes of Opus, or 30 s of WAV at 16 kHz. */
const largestEmbeddedBytes = 1_000_000;

const mediaTypes: Readonly<Record<string, string>> = {
  ".wav": "audio/wav",
  ".mp3": "audio/mpeg",
  ".flac": "audio/flac",
  ".ogg": "audio/ogg",
  ".opus": "audio/ogg",
  ".oga": "audio/ogg",
  ".m4a": "audio/mp4",
  ".mp4": "audio/mp4",
  ".webm": "audio/webm",
};

/** URLs of recordings relative to the folder of the report. */
export function linkClips(audioPaths: Iterable<string>, reportFile: string): Clips {
  const folder = dirname(resolve(reportFile));
  const urls = new Map<string, string>();
  for (const path of audioPaths) {
    const way = relative(folder, path);
    // On another drive there is no relative way.
    const url = isAbsolute(way) ? pathToFileURL(path).href : way.split(sep).map(encodeURIComponent).join("/");
    urls.set(path, url);
  }
  return urls;
}

/** Short recordings as `data:` URLs; long ones, and those that cannot be read, stay links. */
export async function embedClips(
  audioPaths: Iterable<string>,
  reportFile: string,
  signal?: AbortSignal,
): Promise<Clips> {
  const urls = new Map(linkClips(audioPaths, reportFile));
  for (const path of urls.keys()) {
    signal?.throwIfAborted();
    const mediaType = mediaTypes[extname(path).toLowerCase()];
    const size = await stat(path).then(
      (status) => status.size,
      () => Infinity,
    );
    if (mediaType === undefined || size > largestEmbeddedBytes) continue;
    urls.set(path, `data:${mediaType};base64,${(await readFile(path)).toString("base64")}`);
  }
  return urls;
}
