/** The server as the page knows it: what it can do, and whether it wants a key. */
import { readServer, whenLocked } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { ServerInfo } from "../api/types.ts";
import { text } from "./settings.svelte.ts";

class ServerState {
  info = $state.raw<ServerInfo | null>(null);
  /** Why there is no `info`. */
  problem = $state<string | null>(null);
  /** Nothing works until the reader gives a key. */
  isLocked = $state(false);

  async load(): Promise<void> {
    try {
      this.info = await readServer();
      this.isLocked = this.info.keyRequired && !this.info.authenticated;
      this.problem = null;
    } catch (error) {
      this.problem = messageOf(error);
    }
  }
}

export const server = new ServerState();
whenLocked(() => {
  server.isLocked = true;
});

/** What went wrong, in words for the reader. */
export function messageOf(error: unknown): string {
  if (error instanceof Problem && error.status === 0) return text().unreachable;
  return error instanceof Error ? error.message : String(error);
}
