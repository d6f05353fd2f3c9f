/**
 * Fits the confidence curve of a model (src/recognise/confidence.ts) to recorded runs of `glossa eval`, and prints it
 * with the reliability of the confidences before and after:
 *
 *     npx tsx tools/fit-confidence.ts runs/en-lj001_whisper-base_none runs/en-accent_whisper-base_none
 *
 * The runs must have been made with the curve that stands in the source now: it is inverted to get back to the model's
 * own probabilities. Fit on development recordings and look at others.
 */
import { calibrationReport, type CalibrationReport } from "../src/eval/calibration.ts";
import { fitConfidence } from "../src/eval/fit-confidence.ts";
import { readRun } from "../src/eval/run-folder.ts";
import { confidencePairs, scoreRun } from "../src/eval/score-run.ts";
import { confidenceCurve } from "../src/recognise/confidence.ts";

const folders = process.argv.slice(2);
const runs = await Promise.all(folders.map(readRun));
const models = [...new Set(runs.map(({ run }) => run.settings.model))];
if (models.length !== 1) {
  console.error(`give folders of runs of one model, not of ${models.length}: ${models.join(", ")}`);
  process.exit(2);
}
const pairs = runs.flatMap(({ run, utterances }) => confidencePairs(scoreRun(utterances, run).utterances));
const used = confidenceCurve(models[0]);
const logOdds = ({ confidence }: { confidence: number }) => {
  const probability = Math.min(1 - 1e-9, Math.max(1e-9, confidence));
  return (Math.log(probability / (1 - probability)) - used.offset) / used.slope;
};
const { slope, offset } = fitConfidence(
  pairs.map((pair) => ({ logOdds: logOdds(pair), correct: pair.correct })),
);
const fitted = pairs.map((pair) => ({
  confidence: 1 / (1 + Math.exp(-(slope * logOdds(pair) + offset))),
  correct: pair.correct,
}));

console.log(`${models[0]}: slope ${slope.toFixed(4)}, offset ${offset.toFixed(4)} (${pairs.length} words)`);
print("as it is", calibrationReport(pairs));
print("fitted", calibrationReport(fitted));

function print(title: string, report: CalibrationReport | null): void {
  if (report === null) return;
  console.log(`\n${title}: expected calibration error ${report.ece.toFixed(2)} points`);
  console.log("| confidence | words | mean confidence | right |\n|---|---|---|---|");
  for (const { low, high, words, meanConfidence, accuracy } of report.bins) {
    const percent = (share: number | null) => (share === null ? "" : `${(100 * share).toFixed(1)} %`);
    const range = `${low.toFixed(1)} to ${high.toFixed(1)}`;
    console.log(`| ${range} | ${words} | ${percent(meanConfidence)} | ${percent(accuracy)} |`);
  }
}
