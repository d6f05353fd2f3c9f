/**
 * `glossa keys`: keys of the server, in its data folder. Works while the server runs.
 */
import { GlossaError } from "../errors.ts";
import { resolveDataFolder } from "../server/data-place.ts";
import { openDatabase } from "../server/store/database.ts";
import { KeyStore, type Scope } from "../server/store/keys.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface KeysOptions {
  data?: string;
  name?: string;
  scope?: Scope[];
  rate?: number;
  jobs?: number;
  json?: boolean;
  verbose?: boolean;
}

async function withKeys<T>(options: KeysOptions, work: (keys: KeyStore) => Promise<T>): Promise<T> {
  using database = openDatabase(resolveDataFolder(options.data));
  return await work(new KeyStore(database));
}

export async function createKey(options: KeysOptions, environment: Environment): Promise<number> {
  const screen = new Screen(environment, options);
  return withKeys(options, async (keys) => {
    const limits = { requestsPerMinute: options.rate, unfinishedJobs: options.jobs };
    const { key, secret } = keys.create(options.name!, options.scope ?? ["transcribe"], limits);
    await screen.note(`${key.id} may ${key.scopes.join(", ")}; this is the only time that it is shown`);
    await screen.print(`${secret}\n`);
    return exitCodes.success;
  });
}

export async function listKeys(options: KeysOptions, environment: Environment): Promise<number> {
  const screen = new Screen(environment, options);
  return withKeys(options, async (store) => {
    const keys = store.list();
    if (options.json) await screen.print(`${JSON.stringify(keys, null, 2)}\n`);
    else {
      for (const { id, name, scopes, lastUsedAt, revokedAt } of keys) {
        const use = revokedAt ? `revoked ${revokedAt}` : lastUsedAt ? `used ${lastUsedAt}` : "never used";
        await screen.print(`${id}  ${name}  ${scopes.join(",")}  ${use}\n`);
      }
      if (keys.length === 0) await screen.note("there are no keys");
    }
    return exitCodes.success;
  });
}

export async function revokeKeys(
  ids: readonly string[],
  options: KeysOptions,
  environment: Environment,
): Promise<number> {
  const screen = new Screen(environment, options);
  return withKeys(options, async (keys) => {
    const unknown = ids.filter((id) => !keys.revoke(id));
    for (const id of unknown) {
      await screen.error(id, new GlossaError("invalid-argument", "there is no valid key of this name"));
    }
    return unknown.length === 0 ? exitCodes.success : exitCodes.failure;
  });
}
