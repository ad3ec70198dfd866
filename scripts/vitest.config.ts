/** The configuration for both runtimes; `scripts/test.ts` names the runtime in TEST_RUNTIME. */
import { existsSync, readFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import type { ViteUserConfig } from "vitest/config"

const root = fileURLToPath(new URL("..", import.meta.url))

/** The package's entries by their public names, from deno.json, so that a test imports them as a user does. */
const { imports }: { readonly imports: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(`${root}deno.json`, "utf8")
)
const alias = Object.entries(imports)
  .filter(([name, file]) => !name.endsWith("/") && file.startsWith("./"))
  .map(([name, file]) => ({ find: new RegExp(`^${name}$`), replacement: root + file.slice(2) }))

/** The built `./promise`: its tests run on the sources and on this. */
const bundle = `${root}dist/promise.js`
const onBundle: ViteUserConfig["plugins"] = [{
  name: "replaces the sources of ./promise by the built file",
  enforce: "pre",
  resolveId: (id) =>
    /(\/src\/promise\.ts|^effect-oauth-callback\/promise)$/.test(id) ? { id: bundle, external: true } : undefined
}]
if (!existsSync(bundle)) {
  console.error("skipped: the tests of the built ./promise, because dist is missing. Run: npm run build")
}

/**
 * Rooms whose tests leave nothing behind that another one could see: their files share one process, which saves loading
 * Effect and the sources once more for each. All other files have a process of their own.
 */
const together = ["core", "effect", "services", "store", "paste"].map((room) => `test/${room}/**/*.test.ts`)

/** Tests of the tools of this repository, which run on Node whatever the package runs on. */
const ofTools = "test/scripts/{Bench*,bundle,checkImports,docs,mutate,pack,release}.test.ts"
const elsewhere = process.env.TEST_RUNTIME === "deno" ? [ofTools] : []

const config: ViteUserConfig = defineConfig({
  root,
  resolve: { alias },
  test: {
    projects: [
      { extends: true, test: { name: "src", include: ["test/**/*.test.ts"], exclude: [...together, ...elsewhere] } },
      {
        extends: true,
        test: { name: "together", include: together, poolOptions: { forks: { singleFork: true, isolate: false } } }
      },
      ...existsSync(bundle)
        ? [{
          extends: true as const,
          plugins: onBundle,
          test: { name: "bundle", include: ["test/promise/promise*.test.ts", "test/flow/LastPage.test.ts"] }
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
