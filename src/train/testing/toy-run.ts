/**
 * Trains the toy problem in a process of its own, slowly, so that a test can kill it: `toy-run.ts FOLDER`. Prints every
 * step when it is done.
 */
import { setTimeout } from "node:timers/promises";
import { train } from "../trainer.ts";
import { toyOptions } from "./toy-options.ts";
import { toySource } from "./toy.ts";

const [folder, delay] = process.argv.slice(2) as [string, string];
const source = toySource(8);
await train({
  ...toyOptions(folder),
  training: {
    ...source,
    async *batches(...range) {
      for await (const batch of source.batches(...range)) {
        await setTimeout(Number(delay));
        yield batch;
      }
    },
  },
  resume: true,
  onProgress: ({ step }) => process.stdout.write(`${step}\n`),
});
