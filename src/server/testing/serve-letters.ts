/**
 * A server as a process of its own, so that tests can kill it: `serve-letters.ts DATA-FOLDER`. Prints its address.
 */
import { GlossaServer } from "../server.ts";
import { letterWorker, testSettings } from "./test-server.ts";

const server = await GlossaServer.create({
  dataFolder: process.argv[2]!,
  settings: testSettings,
  load: {},
  workers: 1,
  adminKey: null,
  trustProxy: false,
  logger: false,
  workerFile: letterWorker,
});
process.stdout.write(`${await server.listen("127.0.0.1", 0)}\n`);
