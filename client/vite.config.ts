import { defineConfig } from "vite";

export default defineConfig({
  build: {
    // Inside the Python package: an installed wheel serves the page without Node.
    outDir: "../trio_sfu/page",
    emptyOutDir: true,
    target: "es2022",
    // The CSP allows no data: URIs and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/signal": { target: "ws://127.0.0.1:8080", ws: true } },
  },
});
