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
 * Tests that have a process of their own: they count or change what their process holds, or must be the first to load a
 * module. All others share one, which saves loading Effect, the SDKs and the sources once more for each file.
 */
const alone = [
  "test/*.test.ts",
  "test/fixtures/Growth.test.ts",
  "test/flow/*.chromium.test.ts",
  "test/flow/CallbackFlow.{interrupts,leaks,many,opening,ports}.test.ts",
  "test/flow/{CallbackFlow,Notices,Notices.presenters}.test.ts",
  "test/mcp/{*.leaks,McpOAuth.closing}.test.ts",
  "test/metrics/*.test.ts",
  "test/promise/{promise,promise.{accounts,laws,mcp,screen,unanswering,ways}}.test.ts",
  "test/runtime/*.test.ts",
  "test/runtime/keychain/*.{gnome,laws}.test.ts",
  "test/runtime/{relay,stdin,terminal}/*.test.ts",
  "test/scenarios/*.test.ts",
  "test/scripts/{bundle,demo,examples}.test.ts"
]

/** Tests of the tools of this repository, which run on Node whatever the package runs on. */
const ofTools = "test/scripts/{Bench*,bundle,checkImports,docs,mutate,pack,release}.test.ts"
const elsewhere = process.env.TEST_RUNTIME === "deno" ? [ofTools] : []

const config: ViteUserConfig = defineConfig({
  root,
  resolve: { alias },
  test: {
    projects: [
      { extends: true, test: { name: "src", include: alone, exclude: elsewhere } },
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: [...alone, ...elsewhere],
          poolOptions: { forks: { singleFork: true, isolate: false } }
        }
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
