/** The tests of one source, in one process, with the source's mutants in it (`MUTATE_PLAN`). */
import process from "node:process"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import type { ViteUserConfig } from "vitest/config"
import base from "../vitest.config.ts"
import { instrument, withSteps } from "./instrument.ts"
import type { Plan } from "./Plan.ts"

const plan: Plan = JSON.parse(process.env.MUTATE_PLAN ?? "{}")
const core = fileURLToPath(new URL("../../src/core/", import.meta.url))

const config: ViteUserConfig = defineConfig({
  ...base,
  plugins: [{
    name: "puts the mutants into their source",
    enforce: "pre",
    transform: (code, id) => {
      const [path = ""] = id.split("?")
      if (path === plan.source) return { code: instrument(code).code, map: null }
      return path.startsWith(core) ? { code: withSteps(code), map: null } : undefined
    }
  }],
  test: {
    include: [...plan.tests],
    setupFiles: ["scripts/vitest.setup.ts", "scripts/mutate/setup.ts"],
    runner: "scripts/mutate/Runner.ts",
    pool: "forks",
    maxWorkers: 1,
    minWorkers: 1,
    watch: false,
    reporters: ["dot"],
    // Many times what a test of `core` takes: on a busy machine nothing may count as killed because it had to wait.
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})

export default config
