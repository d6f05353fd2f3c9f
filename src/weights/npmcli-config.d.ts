/** The part of `@npmcli/config` that is used here; the package ships no types. */
declare module "@npmcli/config" {
  export default class Config {
    constructor(options: {
      npmPath: string;
      definitions: unknown;
      shorthands: unknown;
      flatten: unknown;
      argv: string[];
      env: NodeJS.ProcessEnv;
      cwd: string;
      warn: boolean;
    });
    load(): Promise<void>;
    readonly flat: Record<string, unknown>;
  }
}
declare module "@npmcli/config/lib/definitions/index.js" {
  const settings: { definitions: unknown; shorthands: unknown; flatten: unknown };
  export default settings;
}
