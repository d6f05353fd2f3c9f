/**
 * A recognition process without weights: every window of sound is heard as a number that its samples determine, so that
 * any window lost, doubled or out of place shows. `GLOSSA_TEST_PAUSE` is the time that a window takes, in milliseconds.
 *
 * A recording whose first window is louder than 0.9 brings the process down.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { VoiceActivity } from "../../audio/voice-activity.ts";
import { DecoderGroup } from "../../models/testing/decoder-group.ts";
import { letters, TextDecoder } from "../../decode/testing/letters.ts";
import type { DecoderStart, DecoderState } from "../../models/speech-model.ts";
import { Recogniser } from "../../recognise/recogniser.ts";
import { type LetterFrames, LetterModel } from "../../recognise/testing/letter-model.ts";
import { runWorker } from "../recognition/worker.ts";

const pause = Number(process.env.GLOSSA_TEST_PAUSE ?? 0);

class EchoModel extends LetterModel {
  constructor() {
    super([]);
  }

  override async encode(samples: Float32Array): Promise<LetterFrames> {
    await sleep(pause);
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (peak > 0.9) process.kill(process.pid, "SIGKILL");
    // The number that the sound was made of, see `numberedRecording`.
    return {
      window: 0,
      data: Float32Array.of(Math.round(peak * 100)),
      frames: 1,
      width: 1,
      durationSeconds: samples.length / 16_000,
      [Symbol.dispose]() {},
    };
  }

  override async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    return DecoderGroup.of(
      starts.map(({ frames, prompt }) => {
        const number = Array.from(String(frames.data[0]), (digit) => "abcdefghij"[Number(digit)]).join("");
        // What stands in the prompt counts too: a lost text so far would change the words. Without a prompt the letter is
        // possible as well, because the search believes no prompt against what is heard.
        const before = "abcdefghij"[letters.decode(prompt.context ?? []).length % 10]!;
        const said = ` word ${number} after ${before}.`;
        return new TextDecoder((text) => {
          if (text === said) return { "": 1 };
          if (text.length !== said.length - 2) return { [said[text.length] ?? ""]: 1 };
          // Without a prompt it is hardly decided, so that a prompt decides whatever its weight in the search.
          const [likely, unlikely] = before === "a" ? [0.3, 0.07] : [0.9, 0.01];
          return {
            ...Object.fromEntries(Array.from("abcdefghij", (letter) => [letter, unlikely])),
            [before]: likely,
          };
        });
      }),
    );
  }
}

/** Sound is speech, digital silence is not. */
const loudness: VoiceActivity & AsyncDisposable = {
  frameSamples: 512,
  stream() {
    let rest = new Float32Array(0);
    return {
      async push(samples) {
        const all = new Float32Array(rest.length + samples.length);
        all.set(rest);
        all.set(samples, rest.length);
        const frames = Math.floor(all.length / 512);
        rest = all.slice(frames * 512);
        return Float32Array.from({ length: frames }, (_, i) =>
          all.subarray(i * 512, (i + 1) * 512).some((value) => Math.abs(value) > 0.001) ? 0.99 : 0,
        );
      },
      async flush() {
        return rest.length > 0 ? Float32Array.of(0) : new Float32Array(0);
      },
    };
  },
  async [Symbol.asyncDispose]() {},
};

runWorker(async () => new Recogniser(new EchoModel(), async () => loudness), {});
