/** One configuration for both runtimes; `scripts/test.ts` says in TEST_RUNTIME which one is meant. */
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import type { ViteUserConfig } from "vitest/config"

const root = fileURLToPath(new URL("..", import.meta.url))

/** The public names, as Deno knows them, so that a test may import what a user would. */
const { imports }: { readonly imports: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(`${root}deno.json`, "utf8")
)
const alias = Object.entries(imports)
  .filter(([name, file]) => !name.endsWith("/") && file.startsWith("./"))
  .map(([name, file]) => ({ find: new RegExp(`^${name}$`), replacement: root + file.slice(2) }))

/** What `npm run build` made of the async/await entry: its tests run on the sources and on this. */
const bundle = `${root}dist/promise.js`
const onBundle: ViteUserConfig["plugins"] = [{
  name: "the bundle in the place of its sources",
  enforce: "pre",
  resolveId: (id) =>
    /(\/src\/promise\.ts|^effect-oauth-callback\/promise)$/.test(id) ? { id: bundle, external: true } : undefined
}]
if (!existsSync(bundle)) console.error("The tests of the bundle are left out: there is none. Run: npm run build")

const config: ViteUserConfig = defineConfig({
  root,
  resolve: { alias },
  test: {
    projects: [
      { extends: true, test: { name: "src", include: ["test/**/*.test.ts"] } },
      ...existsSync(bundle)
        ? [{
          extends: true as const,
          plugins: onBundle,
          test: { name: "bundle", include: ["test/promise/*.test.ts", "test/flow/LastPage.test.ts"] }
        }]
        : []
    ],
    setupFiles: ["scripts/vitest.setup.ts"],
    pool: "forks",
    watch: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000
  }
})

export default config
