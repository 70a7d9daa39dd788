import { defineConfig, type Plugin } from "vite";

/**
 * What is loaded later is one file without styles of its own: there is nothing to fetch ahead,
 * which the bundler's own loader (1 kB of the first load) is for.
 */
const plainDynamicImports: Plugin = {
  name: "plain-dynamic-imports",
  enforce: "pre",
  load: (id) =>
    id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : null,
};

export default defineConfig({
  plugins: [plainDynamicImports],
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
