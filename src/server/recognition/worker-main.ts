/**
 * The entry point of a recognition process.
 */
import type { LoadOptions } from "../../recognise/options.ts";
import { createRecogniser } from "../../recognise/recognise.ts";
import { runWorker } from "./worker.ts";

runWorker(createRecogniser, JSON.parse(process.env.GLOSSA_WORKER ?? "{}") as LoadOptions);
