/** Made-up transcripts for trying the page: English and Chinese, with doubts and terms, of any length. */
import { joinTexts } from "../../src/transcript/text-flow.ts";
import type { Segment, TermReport, Transcript, Word } from "../../src/transcript/transcript.ts";
import { randomGenerator } from "../../src/random.ts";

const english = [
  "We fine-tuned Qwen2-VL with LoRA on a single card.",
  "The results were better than anybody in the laboratory had expected.",
  "Doctor Okonkwo measured the latency again before lunch.",
  "Nobody could say why the second run was slower than the first.",
  "Please send the figures to the committee by Thursday evening.",
  "It rained for most of the afternoon, and the roof leaked.",
];
const chinese = [
  "今天 我们 用 LoRA 微调 了 通义千问 。",
  "结果 比 实验室 里 所有 人 预想 的 都 要 好 。",
  "欧阳 明远 在 午饭 之前 又 测 了 一遍 延迟 。",
];

/** A transcript of about so many seconds. */
export function sampleTranscript(
  language: "en" | "zh",
  seconds: number,
  terms: readonly string[],
): Transcript {
  const random = randomGenerator(language === "en" ? 1 : 2);
  const sentences = language === "en" ? english : chinese;
  const segments: Segment[] = [];
  let time = 0.4;
  for (let index = 0; time < seconds - 3; index++) {
    const words: Word[] = sentences[index % sentences.length]!.split(" ").map((text) => {
      const start = time;
      time += 0.12 + text.length * (language === "en" ? 0.055 : 0.16);
      const doubt = random();
      const confidence = doubt < 0.05 ? 0.3 + doubt * 3 : doubt < 0.12 ? 0.6 : 0.9 + 0.1 * random();
      return { start: round(start), end: round(time), text, confidence: round(Math.min(1, confidence)) };
    });
    segments.push({
      start: words[0]!.start,
      end: words.at(-1)!.end,
      text: joinTexts(words.map((word) => word.text)),
      confidence: round(words.reduce((sum, word) => sum + word.confidence, 0) / words.length),
      words,
    });
    time += 0.5;
  }
  return {
    text: joinTexts(segments.map((segment) => segment.text)),
    language,
    durationSeconds: seconds,
    model: "whisper-small",
    segments,
    terms: terms.map((term) => report(term, segments)),
    warnings: [],
  };
}

function report(term: string, segments: readonly Segment[]): TermReport {
  const words = segments
    .flatMap((segment) => segment.words)
    .filter((word) => word.text.replace(/[.,]/g, "") === term);
  if (words.length === 0 && term.length > 24) {
    return {
      term,
      status: "dropped",
      score: null,
      occurrences: [],
      reason: "longer than the model's prompt",
    };
  }
  if (term === "QLoRA") {
    const [word] = segments[0]!.words.filter(({ text }) => text === "LoRA");
    const rejections = word ? [{ start: word.start, end: word.end, posterior: 0.04 }] : [];
    return { term, status: "rejected", score: null, occurrences: [], rejections };
  }
  return words.length === 0
    ? { term, status: term.length % 2 === 0 ? "prompted" : "boosted", score: null, occurrences: [] }
    : {
        term,
        status: "written",
        score: Math.max(...words.map((word) => word.confidence)),
        occurrences: words.map(({ start, end, confidence }) => ({
          start,
          end,
          text: term,
          posterior: round(confidence * 0.8),
        })),
      };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
