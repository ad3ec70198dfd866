/** Runs the examples as programs. Those of one runtime are enough for what does not differ. */
import { assert, describe, it } from "vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { findRedis, start } from "../fixtures/RedisServer.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const onDeno = "Deno" in globalThis
const runtime = onDeno ? ["run", "-A", "--no-check"] : ["--import", "tsx"]

/** Runs one to its end: its exit code, and its lines. */
const run = async (name: string, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [...runtime, `scripts/examples/${name}.ts`, "--local"], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let [said, complained] = ["", ""]
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => complained += String(chunk))
  const [code] = await once(child, "close")
  return { code, lines: said.trim().split("\n"), complained }
}

const signedIn = /^Signed in to 127\.0\.0\.1:\d+$/

describe("the examples", () => {
  it("sign a person in at a web service with Hono, which then sends requests as that person", async () => {
    const redis = findRedis() === undefined ? undefined : await start()
    try {
      const env: Record<string, string> = redis === undefined ? {} : { REDIS_URL: redis.path }
      const { code, complained, lines: [page = "", who = "", ...rest] } = await run("webService", env)
      assert.deepStrictEqual([code, complained, rest], [0, "", []])
      assert.match(page, signedIn)
      assert.include(who, `"subject":"person"`)
    } finally {
      await redis?.stop()
    }
  }, 60_000)

  it.skipIf(!onDeno)("sign a person in at a web service with node:http", async () => {
    const { code, complained, lines: [page = "", ...rest] } = await run("nodeService")
    assert.deepStrictEqual([code, complained, rest], [0, "", []])
    assert.match(page, signedIn)
  }, 60_000)

  it.skipIf(!onDeno)(
    "have one session for each person and server in a cluster, and so one refresh for all",
    async () => {
      const { code, complained, lines: [before = "", page = "", after, ...rest] } = await run("cluster")
      assert.deepStrictEqual([code, complained, rest], [0, "", []])
      assert.match(before, /nobody is signed in/)
      assert.match(page, signedIn)
      assert.strictEqual(after, "1 answer to 16 requests, 1 refresh")
    },
    60_000
  )
})
