import { defineConfig } from "vitest/config";

/** The server that answers /api and the tiles while developing (`npm run dev`). */
const SERVER = "http://127.0.0.1:8000";
const PATHS = ["/api", "/tiles", "/identify", "/search", "/files", "/styles", "/download", "/jobs", "/health"];

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "dist",
    assetsDir: "assets",
    target: "es2022",
    // Inlined assets would need `data:` in the content security policy of script and style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(PATHS.map((path) => [path, SERVER])) },
  test: { environment: "jsdom", include: ["test/**/*.test.ts"] },
});
