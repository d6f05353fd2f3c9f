import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    // ONNX Runtime's threads do not survive worker threads being torn down; processes are safe.
    pool: "forks",
  },
});
