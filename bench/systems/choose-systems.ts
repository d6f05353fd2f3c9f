/**
 * Which systems run a model's weights.
 */
import type { SystemDescription } from "./system.ts";

/** Recordings longer than this go only to systems that cut them: attention over all of it grows with its square. */
const maximumUncutSeconds = 60;

const greedy = { beamSize: 1 };

const moonshinePeers: readonly SystemDescription[] = [
  { name: "transformers.js", module: "transformers-js", ...greedy, cutsLongRecordings: false },
  { name: "moonshine-js", module: "moonshine-js", ...greedy, cutsLongRecordings: false },
  { name: "sherpa-onnx", module: "sherpa-onnx", ...greedy, cutsLongRecordings: false },
];

const whisperPeers: readonly SystemDescription[] = [
  { name: "transformers.js", module: "transformers-js", ...greedy, cutsLongRecordings: true },
];

export interface Choice {
  /** Glossa's greedy search, then Glossa with a beam unless that is 1, then with that beam and the terms if there are any. */
  glossa: SystemDescription[];
  peers: SystemDescription[];
  /** Peers that cannot do this, and why. */
  leftOut: { name: string; reason: string }[];
}

/**
 * @param longestSeconds length of the longest recording
 * @param termCount of the glossary
 */
export function chooseSystems(
  architecture: "whisper" | "moonshine",
  beamSize: number,
  longestSeconds: number,
  termCount: number,
): Choice {
  const glossa = { module: "glossa", cutsLongRecordings: true } as const;
  const choice: Choice = { glossa: [{ name: "glossa", ...glossa, ...greedy }], peers: [], leftOut: [] };
  if (beamSize > 1) choice.glossa.push({ name: `glossa (beam ${beamSize})`, ...glossa, beamSize });
  if (termCount > 0) {
    const name = `glossa (beam ${beamSize}, ${termCount} terms)`;
    choice.glossa.push({ name, ...glossa, beamSize, takesTerms: true });
  }
  if (architecture === "whisper") {
    const reason = "for Whisper it takes only files of its own export, not these weights";
    choice.leftOut.push({ name: "sherpa-onnx", reason });
  }
  for (const peer of architecture === "whisper" ? whisperPeers : moonshinePeers) {
    if (peer.cutsLongRecordings || longestSeconds <= maximumUncutSeconds) choice.peers.push(peer);
    else {
      const reason = `it does not cut long recordings, and one here lasts ${Math.ceil(longestSeconds)} s`;
      choice.leftOut.push({ name: peer.name, reason });
    }
  }
  return choice;
}
