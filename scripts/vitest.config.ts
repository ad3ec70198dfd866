/** One configuration for both runtimes; `scripts/test.ts` says in TEST_RUNTIME which one is meant. */
import { readFileSync } from "node:fs"
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

const config: ViteUserConfig = defineConfig({
  root,
  resolve: { alias },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["scripts/vitest.setup.ts"],
    pool: "forks",
    watch: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000
  }
})

export default config
