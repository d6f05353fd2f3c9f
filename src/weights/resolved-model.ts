/**
 * A model whose files lie on this machine.
 */
import { join } from "node:path";
import { GlossaError } from "../errors.ts";
import type { ModelDescription } from "./manifest.ts";

export class ResolvedModel {
  readonly manifest: ModelDescription;
  /** Absolute path of the folder that holds the files. */
  readonly folder: string;
  readonly #paths: ReadonlyMap<string, string>;

  /** @param paths path inside the folder for each file name that `path` takes */
  constructor(manifest: ModelDescription, folder: string, paths: ReadonlyMap<string, string>) {
    this.manifest = manifest;
    this.folder = folder;
    this.#paths = paths;
  }

  /** Whether the model has a file of this name. */
  has(name: string): boolean {
    return this.#paths.has(name);
  }

  /**
   * The absolute path of a file, by its name here, such as `encoder.onnx`.
   * @throws GlossaError `model-unavailable` when the model has no such file
   */
  path(name: string): string {
    const path = this.#paths.get(name);
    if (path === undefined) {
      throw new GlossaError(
        "model-unavailable",
        `Model ${this.manifest.id} in ${this.folder} has no ${name}.`,
      );
    }
    return join(this.folder, path);
  }
}
