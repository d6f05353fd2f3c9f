/**
 * Takes a shipped letter head apart into folders of runs, to train each further or to join others to them.
 *
 *     npx tsx tools/part-heads.ts models/letters-whisper-small runs/shipped
 */
import { partLetterHead } from "../src/train/part-heads.ts";

const [head, output] = process.argv.slice(2);
if (output === undefined) throw new Error("Usage: part-heads HEAD OUTPUT_FOLDER");
console.log((await partLetterHead(head!, output)).join("\n"));
