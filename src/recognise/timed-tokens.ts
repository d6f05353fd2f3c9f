/**
 * When each token of a decoded window was spoken.
 */
import type { SpeechWindow } from "../audio/windows.ts";
import type { Hypothesis } from "../decode/hypothesis.ts";
import { tokenTimes } from "../decode/token-times.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import type { TimedToken } from "./timed-text.ts";

/** A text in tokens, and what the decoder attended to at each. */
export interface AttendedTokens {
  readonly hypothesis: Pick<Hypothesis, "tokens" | "tokenLogProbabilities" | "attention">;
  readonly attentionHeads: number;
  readonly attentionFrames: number;
}

/** Times in seconds from the start of the recording, never decreasing, within the window. */
export function timedTokens(decoded: AttendedTokens, window: SpeechWindow, model: SpeechModel): TimedToken[] {
  const { tokens, tokenLogProbabilities, attention } = decoded.hypothesis;
  const starts =
    decoded.attentionHeads > 0
      ? tokenTimes(attention, decoded.attentionHeads, decoded.attentionFrames, model.frameRate)
      : evenTimes(tokens, window, model);
  const leadIn = attention.length > 0 ? model.leadInSeconds : 0;
  const at = (i: number) => {
    const seconds = window.startSeconds + starts[i]! - leadIn;
    return Math.min(window.endSeconds, Math.max(window.startSeconds, seconds));
  };
  return tokens.map((token, i) => ({
    token,
    start: at(i),
    end: at(i + 1),
    logProbability: tokenLogProbabilities[i]!,
  }));
}

/** Without attention: the window's speech, shared out by the length of the tokens' text. */
function evenTimes(tokens: readonly number[], window: SpeechWindow, model: SpeechModel): Float64Array {
  const speech =
    window.speech.length > 0
      ? window.speech
      : [{ startSeconds: window.startSeconds, endSeconds: window.endSeconds }];
  const total = speech.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  const lengths = tokens.map((token) => Math.max(1, model.tokenizer.tokenBytes(token).length));
  const allBytes = lengths.reduce((sum, length) => sum + length, 0) || 1;
  const times = new Float64Array(tokens.length + 1);
  let bytes = 0;
  for (let i = 0; i <= tokens.length; i++) {
    let spoken = (total * bytes) / allBytes;
    let stretch = 0;
    while (
      stretch < speech.length - 1 &&
      spoken > speech[stretch]!.endSeconds - speech[stretch]!.startSeconds
    ) {
      spoken -= speech[stretch]!.endSeconds - speech[stretch]!.startSeconds;
      stretch++;
    }
    times[i] = speech[stretch]!.startSeconds + spoken - window.startSeconds;
    bytes += lengths[i] ?? 0;
  }
  return times;
}
