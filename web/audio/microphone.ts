/** The microphone as a stream of mono 16 kHz samples, with its level. */
import { Resampler } from "../../src/audio/resample.ts";
import { levelOf } from "./microphone-level.ts";
import captureUrl from "./capture-worklet.ts?worker&url";

/** Samples a second of what comes out. */
export const microphoneRate = 16_000;

export interface MicrophoneListeners {
  /** About a tenth of a second. */
  samples: (samples: Float32Array) => void;
  /** Loudness of the last tenth of a second, 0 (silence) to 1 (full scale), on a scale of decibels. */
  level: (level: number) => void;
  /** The device went away. */
  ended: () => void;
}

export interface Microphone {
  /** The name of the device. */
  readonly label: string;
  close(): Promise<void>;
}

/** @throws DOMException `NotAllowedError`, `NotFoundError` … as the browser's `getUserMedia` */
export async function openMicrophone(
  deviceId: string | null,
  listeners: MicrophoneListeners,
): Promise<Microphone> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {
      deviceId: deviceId ? { exact: deviceId } : undefined,
      channelCount: 1,
      // What is meant for calls makes speech worse for recognition, except evening out the loudness.
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: true,
    },
  });
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule(captureUrl);
    await context.resume();
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
    throw error;
  }
  const source = context.createMediaStreamSource(stream);
  const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  const resampler = new Resampler(context.sampleRate, microphoneRate);
  capture.port.addEventListener("message", ({ data }: MessageEvent<Float32Array>) => {
    listeners.level(levelOf(data));
    const samples = resampler.push(data);
    if (samples.length > 0) listeners.samples(samples);
  });
  capture.port.start();
  source.connect(capture);
  const [track] = stream.getAudioTracks();
  track?.addEventListener("ended", () => listeners.ended());
  return {
    label: track?.label ?? "",
    async close() {
      source.disconnect();
      capture.port.close();
      for (const track of stream.getTracks()) track.stop();
      await context.close();
    },
  };
}
