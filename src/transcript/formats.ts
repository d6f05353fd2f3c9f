/**
 * A transcript as text in the formats that people and programs read: plain text, JSON, SubRip, WebVTT and
 * tab-separated values. Every format ends with a line end; a transcript without speech gives an empty one.
 */
import { subtitleCues, type SubtitleCue } from "./subtitle-cues.ts";
import { toOneLine } from "./text-flow.ts";
import type { Transcript } from "./transcript.ts";

/** The formats that `formatTranscript` writes; also the file endings. */
export const transcriptFormats = ["txt", "json", "srt", "vtt", "tsv"] as const;
/** One of `transcriptFormats`. */
export type TranscriptFormat = (typeof transcriptFormats)[number];

/**
 * Writes a transcript.
 *
 * - `txt`: one segment a line.
 * - `json`: the transcript itself; see `schemas/transcript.schema.json`.
 * - `srt`, `vtt`: subtitles, see `subtitleLimits` for the rules.
 * - `tsv`: `start`, `end` (whole milliseconds) and `text` of every segment under a header, as openai/whisper writes it.
 */
export function formatTranscript(transcript: Transcript, format: TranscriptFormat): string {
  switch (format) {
    case "txt":
      return transcript.segments.map(({ text }) => `${toOneLine(text)}\n`).join("");
    case "json":
      return `${JSON.stringify(transcript, null, 2)}\n`;
    case "srt":
      return subtitleCues(transcript).map(formatSubRipCue).join("\n");
    case "vtt":
      return `WEBVTT\n${subtitleCues(transcript)
        .map((cue) => `\n${formatWebVttCue(cue)}`)
        .join("")}`;
    case "tsv":
      return `start\tend\ttext\n${transcript.segments
        .map(({ start, end, text }) => `${milliseconds(start)}\t${milliseconds(end)}\t${toOneLine(text)}\n`)
        .join("")}`;
  }
}

function formatSubRipCue(cue: SubtitleCue, index: number): string {
  // SubRip knows no escapes; an arrow inside the text would be read as the next cue's times.
  const text = cue.lines.map((line) => line.replaceAll("-->", "→")).join("\n");
  return `${index + 1}\n${timeRange(cue, ",")}\n${text}\n`;
}

function formatWebVttCue(cue: SubtitleCue): string {
  const escape = (line: string) =>
    line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `${timeRange(cue, ".")}\n${cue.lines.map(escape).join("\n")}\n`;
}

function timeRange(cue: SubtitleCue, decimalSign: "," | "."): string {
  return `${clockTime(cue.startMilliseconds, decimalSign)} --> ${clockTime(cue.endMilliseconds, decimalSign)}`;
}

/** `01:02:03.456`, with as many digits of hours as there are. */
function clockTime(time: number, decimalSign: "," | "."): string {
  const pad = (value: number, digits = 2) => String(Math.floor(value)).padStart(digits, "0");
  return `${pad(time / 3_600_000)}:${pad((time / 60_000) % 60)}:${pad((time / 1000) % 60)}${decimalSign}${pad(time % 1000, 3)}`;
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
