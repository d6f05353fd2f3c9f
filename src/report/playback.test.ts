import { describe, expect, it } from "vitest";
import { Playback, spotOf } from "./playback.ts";
import { fakeRun } from "./testing/fake-runs.ts";

// Words of the hypothesis take half a second each.
function utterance(reference: string, hypothesis: string, terms: string[]) {
  return fakeRun({ utterances: [{ reference, hypothesis, terms }] }).utterances[0];
}

describe("spotOf", () => {
  it("is where the words of a heard term are", () => {
    const heard = utterance("we saw New York today", "we saw New York today", ["New York"]);
    expect(spotOf(heard, "reference", heard.referenceTerms![0])).toEqual({ start: 1, end: 2 });
    expect(spotOf(heard, "hypothesis", heard.hypothesisTerms![0])).toEqual({ start: 1, end: 2 });
  });

  it("is where something else was heard instead", () => {
    const missed = utterance("we tuned LoRA again", "we tuned Laura again", ["LoRA"]);
    expect(spotOf(missed, "reference", missed.referenceTerms![0])).toEqual({ start: 1, end: 1.5 });
  });

  it("is the gap between the words around a term that was left out", () => {
    const missed = utterance("we tuned LoRA again", "we tuned again", ["LoRA"]);
    expect(spotOf(missed, "reference", missed.referenceTerms![0])).toEqual({ start: 1, end: 1 });
    const atEnd = utterance("we tuned LoRA", "we tuned", ["LoRA"]);
    expect(spotOf(atEnd, "reference", atEnd.referenceTerms![0])).toEqual({ start: 1, end: 1 });
  });

  it("is unknown where no word has a time", () => {
    const silent = utterance("LoRA", "", ["LoRA"]);
    expect(spotOf(silent, "reference", silent.referenceTerms![0])).toBeNull();
  });
});

describe("Playback", () => {
  const spoken = utterance("a b", "a b", []);
  const path = spoken.record.audio;

  it("links to a stretch of a recording, with room around it, in seconds of the file", () => {
    const playback = new Playback(new Map([[path, "audio/one.wav"]]));
    const link = playback.link(spoken, { spot: { start: 2, end: 3 }, speed: 1.1, label: "LoRA" });
    expect(link?.source).toBe(
      '<a class="play" href="audio/one.wav#t=1.76,3.74" data-start="1.76" data-end="3.74" aria-label="Play LoRA at 0:02.0">0:02.0</a>',
    );
    expect(playback.link(spoken, { label: "all" })?.source).toContain(
      'href="audio/one.wav" aria-label="Play all"',
    );
  });

  it("holds every embedded recording once", () => {
    const playback = new Playback(new Map([[path, "data:audio/wav;base64,AAAA"]]));
    expect(playback.link(spoken, { label: "all" })?.source).toContain('href="#clip-1"');
    expect(playback.link(spoken, { label: "again" })?.source).toContain('href="#clip-1"');
    expect(playback.embedded()).toHaveLength(1);
    expect(playback.embedded()[0].source).toContain('src="data:audio/wav;base64,AAAA"');
  });

  it("links nothing where there is no recording", () => {
    expect(new Playback(new Map()).link(spoken, { label: "all" })).toBeNull();
  });
});
