/**
 * Slides in a video: frames where the picture changes, read as pictures. Needs ffmpeg.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DocumentBuilder } from "./document.ts";
import { PictureReader } from "./picture-text.ts";

/** How much of the picture must change for a new slide, as ffmpeg's `scene` (0 to 1). */
const sceneChange = 0.08;
/** A picture is looked at at least this often, for slides that fade into each other. */
const longestSlideSeconds = 60;

/** @throws GlossaError `unsupported-document` when ffmpeg is missing or cannot read it, or nothing can read pictures */
export async function addVideoSlides(file: string, builder: DocumentBuilder): Promise<void> {
  if (builder.pictureLanguages.length === 0) throw builder.refuse("pictures are not to be read");
  const folder = await mkdtemp(join(tmpdir(), "glossa-slides-"));
  try {
    const times = await writeFrames(file, folder, builder);
    const frames = (await readdir(folder)).sort();
    await using reader = await PictureReader.load(builder.pictureLanguages);
    let before = "";
    for (const [index, frame] of frames.entries()) {
      const stop = builder.exhausted;
      if (stop !== null) {
        builder.warn(`slides from ${Math.round(times[index]!)} s on were not read: ${stop}`);
        return;
      }
      const text = (await reader.read(await readFile(join(folder, frame)))).join("\n");
      if (text !== before)
        builder.add(text, "text", { unit: "second", number: times[index] ?? 0 }, { isPicture: true });
      before = text;
      builder.pageDone(frames.length);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes frames as PNG. @returns the time of each in seconds */
async function writeFrames(file: string, folder: string, builder: DocumentBuilder): Promise<number[]> {
  const chosen = `select='eq(n,0)+gt(scene,${sceneChange})+gte(t-prev_selected_t,${longestSlideSeconds})'`;
  const { pages, seconds } = builder.limits;
  const args = ["-hide_banner", "-nostdin", "-i", file, "-an", "-sn"].concat(
    ["-vf", `${chosen},scale='min(1920,iw)':-2,showinfo`, "-fps_mode", "vfr", "-frames:v", String(pages)],
    [join(folder, "%06d.png")],
  );
  try {
    const { stderr } = await promisify(execFile)("ffmpeg", args, {
      signal: builder.signal,
      timeout: seconds * 1000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return [...stderr.matchAll(/Parsed_showinfo.* pts_time:([\d.]+)/g)].map(([, time]) => Number(time));
  } catch (cause) {
    builder.signal?.throwIfAborted();
    const { code, killed, stderr = "" } = cause as { code?: string; killed?: boolean; stderr?: string };
    if (code === "ENOENT") throw builder.refuse("a video, whose slides need ffmpeg; install it", cause);
    if (killed) throw builder.refuse(`finding the slides took longer than ${seconds} s`, cause);
    throw builder.refuse(`no pictures in it: ${stderr.trim().split("\n").at(-1) ?? ""}`, cause);
  }
}
