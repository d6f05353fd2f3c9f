import { defineConfig } from "vitest/config";

export default defineConfig({
  // Node 20 does not know `using` yet.
  esbuild: { target: "node20" },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "web/**/*.test.ts"],
    testTimeout: 30_000,
    // ONNX Runtime's threads do not survive worker threads being torn down; processes are safe.
    pool: "forks",
  },
});
