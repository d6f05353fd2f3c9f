/**
 * What the command line touches outside itself. The real one is made in `main.ts`; tests pass their own.
 */
import type { LoadOptions } from "../recognise/options.ts";
import type { Recogniser } from "../recognise/recogniser.ts";
import type { Retriever, RetrieverOptions } from "../recognise/retriever.ts";
import type { RecipeKind } from "../train/recipe.ts";
import type { CacheOptions, ListedModel, ResolveModelOptions } from "../weights/model-store.ts";

/** A stream to write to, which may be a terminal. */
export type OutputStream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

export interface Environment {
  stdout: OutputStream;
  stderr: OutputStream;
  /** Aborts when the user interrupts. */
  signal: AbortSignal;
  /** Loads the engine; called only once there is something to recognise. */
  createRecogniser(options: LoadOptions): Promise<LoadedRecogniser>;
  /** Loads what finds terms in speech without recognising it. */
  createRetriever(options: RetrieverOptions): Promise<LoadedRetriever>;
  models: ModelStore;
  /** What `glossa train` can train. */
  recipeKinds(): Promise<readonly RecipeKind[]>;
}

/** What `glossa transcribe` needs of a recogniser. */
export type LoadedRecogniser = Pick<Recogniser, "model" | "stream"> & AsyncDisposable;

/** What `glossa retrieve` needs of a retriever. */
export type LoadedRetriever = Pick<Retriever, "model" | "spotter" | "retrieve" | "map"> & AsyncDisposable;

/** What `glossa models` needs of `weights/model-store.ts`. */
export interface ModelStore {
  list(options: CacheOptions): Promise<ListedModel[]>;
  /** Returns the model's folder. */
  pull(id: string, options: ResolveModelOptions): Promise<string>;
  path(id: string, options: CacheOptions): Promise<string>;
  /** Returns the bytes freed. */
  remove(id: string, options: CacheOptions): Promise<number>;
}
