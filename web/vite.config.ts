/** Builds the page to `dist/web`; `npm run dev:page` serves it beside a server at `GLOSSA_SERVER`. */
import { fileURLToPath } from "node:url";
import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const folder = fileURLToPath(new URL(".", import.meta.url));
const server = process.env["GLOSSA_SERVER"] ?? "http://127.0.0.1:8017";

export default defineConfig({
  root: folder,
  // Relative, so that the page also works under a path of a reverse proxy.
  base: "./",
  plugins: [svelte({ configFile: false, preprocess: vitePreprocess() })],
  build: {
    outDir: fileURLToPath(new URL("../dist/web", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows neither inline scripts nor `data:` scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    port: 8020,
    proxy: Object.fromEntries(
      ["/v1", "/health", "/ready", "/asr", "/docs", "/openapi.json"].map((path) => [
        path,
        { target: server, ws: true },
      ]),
    ),
  },
});
