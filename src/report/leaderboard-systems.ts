/** The systems of GLCLAP's paper, trained alike and measured alike, for the leaderboard. */
import { z } from "zod";
import { glclapSystems } from "../retrieval/head-files.ts";
import { count, decimal } from "./numbers.ts";

const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

/** What the leaderboard reads of the folder of a run of the recipe `glclap`: its `recipe.json` and `run.json`. */
export const trainedSystemSchema = z.object({
  recipe: z.object({ system: z.enum(glclapSystems), encoder: z.string(), batchSize: z.number() }),
  run: z.object({
    command: z.string(),
    data: z.object({ training: z.number() }),
    result: z.object({ step: z.number() }),
    final: z.object({
      tests: z.record(
        z.string(),
        z.object({
          topOneRecall: intervalSchema,
          recallAtTruePlusFive: intervalSchema,
          utterances: z.number(),
          listSize: z.number(),
        }),
      ),
    }),
  }),
});
export type TrainedSystem = z.infer<typeof trainedSystemSchema>;

/** @returns Markdown; nothing without runs */
export function systemsSection(trained: readonly TrainedSystem[]): string {
  const first = trained[0];
  if (first === undefined) return "";
  const order = [...trained].sort(
    (a, b) => glclapSystems.indexOf(a.recipe.system) - glclapSystems.indexOf(b.recipe.system),
  );
  const sets = [...new Set(trained.flatMap(({ run }) => Object.keys(run.final.tests)))];
  const rows = sets.flatMap((set) =>
    order.flatMap(({ recipe, run }) => {
      const test = run.final.tests[set];
      if (test === undefined) return [];
      const cells = [
        set,
        recipe.system,
        interval(test.topOneRecall),
        interval(test.recallAtTruePlusFive),
        count(test.utterances),
        count(test.listSize),
        count(run.result.step),
      ];
      return [`| ${cells.join(" | ")} |`];
    }),
  );
  const { recipe, run } = first;
  return `## The systems of GLCLAP's paper

Trained alike over frames of ${recipe.encoder}, on ${count(run.data.training)} utterances in batches of ${recipe.batchSize}, with \`system\` as the only difference ([training](training.md#glclap-which-terms-are-in-this-recording)). Asked is for each utterance's own terms among others, by its vectors alone.

| Set | System | Top-1 recall | Recall at true + 5 | Utterances | Others | Steps |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

<details><summary>The commands</summary>

${order.map(({ run: { command } }) => `    ${command}`).join("\n")}

</details>`;
}

/** Shares in percent. */
function interval({ value, low, high }: z.infer<typeof intervalSchema>): string {
  const percent = (share: number) => decimal(100 * share, 1);
  return `${percent(value)} (${percent(low)}–${percent(high)})`;
}
