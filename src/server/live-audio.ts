/**
 * Audio of a live session as it comes over the wire → mono 16 kHz.
 */
import { OpusDecoder } from "opus-decoder";
import { withoutPrinting } from "../audio/decoded-audio.ts";
import { openAudio } from "../audio/open-audio.ts";
import { Resampler } from "../audio/resample.ts";
import { fieldProblem } from "./http/problem.ts";

export interface LiveAudio {
  /** Takes a message; resolves when the next may come. */
  push(message: Buffer): Promise<void>;
  /** No more messages will come. */
  end(): Promise<void>;
  /** Lets go of everything, at once. */
  close(): void;
}

/**
 * @param encoding null for a file format that is known by its content
 * @param onSamples gets mono 16 kHz, in order
 * @param onEnd called once all has been passed on, or with what went wrong
 */
export function openLiveAudio(
  encoding: "linear16" | "opus" | null,
  sampleRate: number,
  channels: number,
  onSamples: (samples: Float32Array) => void,
  onEnd: (error: unknown) => void,
): LiveAudio {
  if (encoding === null) return containerAudio(onSamples, onEnd);
  return encoding === "opus"
    ? opusAudio(onSamples, onEnd)
    : linearAudio(sampleRate, channels, onSamples, onEnd);
}

/** 16-bit little-endian samples; a sample may be cut in two by the end of a message. */
function linearAudio(
  sampleRate: number,
  channels: number,
  onSamples: (samples: Float32Array) => void,
  onEnd: (error: unknown) => void,
): LiveAudio {
  const resampler = sampleRate === 16_000 ? null : new Resampler(sampleRate, 16_000);
  const frameBytes = 2 * channels;
  let rest = Buffer.alloc(0);
  let hasEnded = false;
  const pass = (samples: Float32Array) => samples.length > 0 && onSamples(samples);
  return {
    async push(message) {
      if (hasEnded) return;
      const bytes = rest.length === 0 ? message : Buffer.concat([rest, message]);
      const frames = Math.floor(bytes.length / frameBytes);
      rest = Buffer.from(bytes.subarray(frames * frameBytes));
      const mono = new Float32Array(frames);
      for (let frame = 0; frame < frames; frame++) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel++) {
          sum += bytes.readInt16LE(frame * frameBytes + 2 * channel);
        }
        mono[frame] = sum / (32_768 * channels);
      }
      pass(resampler ? resampler.push(mono) : mono);
    },
    async end() {
      if (hasEnded) return;
      hasEnded = true;
      if (resampler) pass(resampler.flush());
      onEnd(null);
    },
    close() {
      hasEnded = true;
    },
  };
}

/** One Opus packet (RFC 6716) a message. */
function opusAudio(onSamples: (samples: Float32Array) => void, onEnd: (error: unknown) => void): LiveAudio {
  const decoder = new OpusDecoder({ channels: 1, sampleRate: 16_000 });
  let hasEnded = false;
  const finish = () => {
    hasEnded = true;
    decoder.free();
  };
  return {
    async push(message) {
      if (hasEnded) return;
      await decoder.ready;
      if (hasEnded) return;
      const { channelData, errors } = withoutPrinting(() => decoder.decodeFrame(message));
      if (errors.length > 0) throw fieldProblem("encoding", "the message is not an Opus packet");
      // A copy: the decoder uses its memory again.
      const samples = channelData[0]!.slice();
      if (samples.length > 0) onSamples(samples);
    },
    async end() {
      if (hasEnded) return;
      finish();
      onEnd(null);
    },
    close() {
      if (!hasEnded) finish();
    },
  };
}

/** A file that comes in pieces; read as any other recording. */
function containerAudio(
  onSamples: (samples: Float32Array) => void,
  onEnd: (error: unknown) => void,
): LiveAudio {
  const aborting = new AbortController();
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const writer = pipe.writable.getWriter();
  const read = async () => {
    await using audio = await openAudio(pipe.readable, { signal: aborting.signal });
    for await (const chunk of audio.chunks) onSamples(chunk);
  };
  let isOver = false;
  const finish = (error: unknown) => {
    if (isOver) return;
    isOver = true;
    // Whoever still waits to write goes on.
    writer.abort().catch(() => {});
    if (!aborting.signal.aborted) onEnd(error);
  };
  read().then(() => finish(null), finish);
  return {
    async push(message) {
      if (isOver) return;
      await writer.write(message).catch(() => {});
    },
    async end() {
      await writer.close().catch(() => {});
    },
    close() {
      aborting.abort(new Error("The session was closed."));
      writer.abort().catch(() => {});
    },
  };
}
