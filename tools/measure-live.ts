/**
 * Streams a recording to a server as fast as it would be spoken, and measures the live captions: how long after the end of
 * an utterance its final text comes, and how much the text differs from that of the file.
 *
 *     npx tsx tools/measure-live.ts RECORDING REFERENCE.txt [--model moonshine-base] [--seconds 180]
 *
 * The delay is counted from the end of the audio of an utterance, the silence that ends it (500 ms) included: from when the
 * last word was said until its final text is there.
 */
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { encodeWav } from "../src/audio/encode-wav.ts";
import { openAudio } from "../src/audio/open-audio.ts";
import { alignTokens } from "../src/eval/align.ts";
import { countErrors, errorRate } from "../src/eval/error-rates.ts";
import { normaliseForScoring } from "../src/text/normalise.ts";
import { percentile, startServe } from "./serve-process.ts";

interface Message {
  type: string;
  is_final?: boolean;
  start?: number;
  duration?: number;
  channel?: { alternatives?: { transcript: string; words: { end: number }[] }[] };
  transcript?: { text: string };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "moonshine-base" },
    seconds: { type: "string", default: "180" },
  },
});
const [recording, referenceFile] = positionals;
if (recording === undefined)
  throw new Error("Usage: npx tsx tools/measure-live.ts RECORDING [REFERENCE.txt]");
const samples = await read(recording, Number(values.seconds));
const totalSeconds = samples.length / 16_000;

await using server = await startServe(["--model", values.model, "--live-model", values.model]);
const file = await textOfFile();
const live = await textLive();
const tokens = (text: string) => normaliseForScoring(text, "en");
const errors = (reference: string, text: string) =>
  errorRate(countErrors(alignTokens(tokens(reference), tokens(text))))!;
const percent = (rate: number) => `${rate.toFixed(2)} %`;
const lines = [
  `${values.model}, ${totalSeconds.toFixed(0)} s, load ${loadavg()[0]!.toFixed(1)}`,
  `finals ${live.delays.length}: delay median ${percentile(live.delays, 0.5).toFixed(2)} s, ` +
    `95 % ${percentile(live.delays, 0.95).toFixed(2)} s, most ${Math.max(...live.delays).toFixed(2)} s; ` +
    `first partial ${live.firstPartial.toFixed(2)} s after the first word began; partials ${live.partials}`,
  `words that differ from the file's: ${percent(errors(file, live.text))}`,
];
if (referenceFile !== undefined) {
  const reference = readFileSync(referenceFile, "utf8");
  lines.push(`WER: file ${percent(errors(reference, file))}, live ${percent(errors(reference, live.text))}`);
}
process.stdout.write(`${lines.join("\n")}\n`);

async function read(path: string, seconds: number): Promise<Int16Array> {
  await using audio = await openAudio(path);
  const read = new Int16Array(Math.round(seconds * 16_000));
  let filled = 0;
  for await (const chunk of audio.chunks) {
    const part = chunk.subarray(0, read.length - filled);
    for (const sample of part) read[filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
    if (filled === read.length) break;
  }
  return read.subarray(0, filled);
}

async function textOfFile(): Promise<string> {
  const wav = encodeWav(
    Float32Array.from(samples, (sample) => sample / 32_767),
    16_000,
  );
  const form = new FormData();
  form.append("file", new Blob([Buffer.from(wav.buffer)]), "recording.wav");
  const response = await fetch(`${server.url}/v1/audio/transcriptions`, { method: "POST", body: form });
  return ((await response.json()) as { text: string }).text;
}

function bytes(): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

async function textLive(): Promise<{
  text: string;
  delays: number[];
  firstPartial: number;
  partials: number;
}> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/listen?encoding=linear16`);
  const delays: number[] = [];
  let text = "";
  let partials = 0;
  let firstPartial = NaN;
  let started = 0;
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    const now = (performance.now() - started) / 1000;
    // `SpeechStarted` has a channel of another shape.
    const words = message.channel?.alternatives?.[0]!.words ?? [];
    if (message.type === "Results" && message.is_final && words.length > 0) {
      delays.push(now - words.at(-1)!.end);
    } else if (message.type === "Results" && words.length > 0) {
      if (partials++ === 0) firstPartial = now - message.start!;
    } else if (message.type === "Metadata") text = message.transcript!.text;
  });
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  started = performance.now();
  const all = bytes();
  const pieceSeconds = 0.1;
  const pieceBytes = pieceSeconds * 32_000;
  for (let start = 0; start < all.length; start += pieceBytes) {
    // A microphone gives a piece when it has been spoken.
    const due = started + (start / pieceBytes + 1) * pieceSeconds * 1000;
    await sleep(Math.max(0, due - performance.now()));
    socket.send(all.subarray(start, start + pieceBytes));
  }
  socket.send(JSON.stringify({ type: "CloseStream" }));
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return { text, delays, firstPartial, partials };
}
