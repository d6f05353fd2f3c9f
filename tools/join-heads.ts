/**
 * Joins letter heads over the same frames into one, whose probabilities are the mean of theirs.
 *
 *     npx tsx tools/join-heads.ts runs/letters-a runs/letters-b models/letters-whisper-small
 */
import { joinLetterHeads } from "../src/train/join-heads.ts";

const folders = process.argv.slice(2);
const output = folders.pop();
if (output === undefined || folders.length < 2) throw new Error("Usage: join-heads RUN RUN… OUTPUT_FOLDER");
await joinLetterHeads(folders, output);
