import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as esbuild from "esbuild"
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { makeRedisStore } from "../../src/redis.ts"
import * as RedisServer from "../fixtures/RedisServer.ts"

const isHere = RedisServer.findRedis() !== undefined
const source = fileURLToPath(new URL("../fixtures/programs/incrementInRedis.ts", import.meta.url))
/** How many holders are killed; more of them in long runs. */
const kills = Number(process.env["REDIS_KILLS"] ?? 2)
const [processes, times, leaseMillis] = [4, 10 * Math.ceil(kills / 2), 400]

describe.skipIf(!isHere)("processes that share a real Redis", () => {
  let server: RedisServer.RedisServer
  let program: string
  beforeAll(async () => {
    server = await RedisServer.start()
    // In one file: starting would take most of the time of the test.
    program = join(dirname(server.path), "increment.cjs")
    await esbuild.build({ entryPoints: [source], bundle: true, platform: "node", target: "node20", outfile: program })
    await esbuild.stop()
  })
  afterAll(() => server.stop())

  it.scopedLive(
    `lose no change, though ${kills} of them are killed while they have the turn`,
    () =>
      Effect.gen(function* () {
        const prefix = "{processes}:"
        const acknowledged: Array<number> = []
        let [killed, turns] = [0, 0]
        /** Runs one to its end, and another one in its place when it is killed. */
        const run = (): Promise<void> =>
          new Promise((resolve, reject) => {
            const args = [program, server.path, prefix, String(times), String(leaseMillis)]
            const child = spawn(process.execPath, [...("Deno" in globalThis ? ["run", "-A"] : []), ...args], {
              stdio: ["ignore", "pipe", "inherit"]
            })
            children.add(child)
            createInterface({ input: child.stdout }).on("line", (line) => {
              if (line === "in") {
                // Not the first turns: by then all have been started.
                if (++turns % 8 !== 0 || killed >= kills) return
                killed++
                child.kill("SIGKILL")
              } else acknowledged.push(Number(line.slice("done ".length)))
            })
            child.once("close", (code, signal) => {
              children.delete(child)
              if (signal === "SIGKILL") run().then(resolve, reject)
              else if (code === 0) resolve()
              else reject(new Error(`it ended with ${code}`))
            })
          })
        const children = new Set<ReturnType<typeof spawn>>()
        yield* Effect.addFinalizer(() => Effect.sync(() => children.forEach((child) => child.kill("SIGKILL"))))
        yield* Effect.promise(() => Promise.all(Array.from({ length: processes }, run)))

        assert.strictEqual(killed, kills)
        assert.strictEqual(new Set(acknowledged).size, acknowledged.length, "two wrote the same number")
        const store = makeRedisStore({
          client: RedisServer.overIoredis(yield* RedisServer.ioredis(server.path)),
          prefix
        })
        const last = Number(Option.getOrThrow(yield* store.load({ serverUrl: "https://mcp.example/mcp" })).issuer)
        // One that is killed may have written and not have told us.
        assert.isAtLeast(acknowledged.length, processes * times)
        assert.isAtLeast(last, acknowledged.length)
        assert.isAtMost(last, acknowledged.length + kills)
      }),
    30_000 * Math.ceil(kills / 2)
  )
})
