/** Resolves the model folder named on the command line; run as a process of its own. */
import { resolveModel } from "../model-store.ts";

await resolveModel(process.argv[2]!);
