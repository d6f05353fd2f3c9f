/** A server for all tests of a file, or of a `describe`. */
import { afterAll, beforeAll } from "vitest";
import { startTestServer, type TestServer } from "./test-server.ts";

/** Starts it before the first test and stops it after the last; to be asked only within tests. */
export function useTestServer(
  ...options: Parameters<typeof startTestServer>
): Pick<TestServer, "server" | "url" | "dataFolder"> {
  let started: TestServer | undefined;
  beforeAll(async () => {
    started = await startTestServer(...options);
  });
  afterAll(() => started?.[Symbol.asyncDispose]());
  return {
    get server() {
      return started!.server;
    },
    get url() {
      return started!.url;
    },
    get dataFolder() {
      return started!.dataFolder;
    },
  };
}
