/** Evaluates real recordings with a real model, from the command line to the scores. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadDataSet } from "../src/eval/datasets/load-data-set.ts";
import { Perturber } from "../src/eval/perturber.ts";
import { runDataSet } from "../src/eval/run.ts";
import { scoreRun } from "../src/eval/score-run.ts";
import { TermLists } from "../src/eval/term-lists.ts";
import { createRecogniser } from "../src/recognise/recognise.ts";
import { isCached } from "./cached-models.ts";

const data = fileURLToPath(new URL("../../shared/data/en-lj001", import.meta.url));
const model = "moonshine-tiny";

describe.skipIf(!isCached(model) || !existsSync(data))(
  "evaluation (needs moonshine-tiny in the model cache and ../shared/data)",
  () => {
    it("scores real recordings with terms among distractors", async () => {
      const folder = await mkdtemp(join(tmpdir(), "glossa-eval-test-"));
      await using recogniser = await createRecogniser({ model, offline: true });
      try {
        const dataSet = await loadDataSet(data);
        const protocol = "own+distractors";
        const options = {
          protocol,
          listSize: 20,
          seed: 0,
          glossary: null,
          distractors: null,
          language: undefined,
        } as const;
        const plan = {
          dataSet,
          utterances: dataSet.utterances.slice(0, 3),
          model,
          language: null,
          beamSize: null,
          protocol,
          listSize: 20,
          terms: new TermLists(dataSet.utterances, options),
          seed: 0,
          perturbation: {},
          perturber: await Perturber.create({}, 0),
        } as const;
        const { run, utterances } = await runDataSet(plan, recogniser, folder);
        const { metrics, failed, calibration, hours } = scoreRun(utterances, run);
        expect(failed).toBe(0);
        expect(hours).toBeGreaterThan(15 / 3600);
        expect(metrics.wer).toBeLessThan(15);
        expect(metrics.termRecall).toBeGreaterThan(60);
        expect(metrics.realTimeFactor).toBeGreaterThan(0.2);
        expect(calibration!.words).toBeGreaterThan(40);
      } finally {
        await rm(folder, { recursive: true });
      }
    }, 120_000);
  },
);
