/** Runs the recipe of a fixed port as a program, on the runtime that runs this test. */
import { assert, it } from "vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : ["--import", "tsx"]

it("the recipe of a fixed port signs in two people at once on one port, and nothing else is said", async () => {
  const child = spawn(process.execPath, [...runtime, "scripts/examples/fixedPort.ts", "--local"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"]
  })
  let [said, complained] = ["", ""]
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => complained += String(chunk))
  const [code] = await once(child, "close")
  assert.deepStrictEqual([code, complained], [0, ""])
  const uri = /http:\/\/127\.0\.0\.1:\d+\/callback/g
  assert.lengthOf(new Set(said.match(uri)), 1)
  assert.deepStrictEqual(said.replace(uri, "URI").trim().split("\n"), [
    "1 of 2 is shown, and comes back to URI",
    "2 of 2 is shown, and comes back to URI",
    "ann is signed in: 200",
    "ben is signed in: 200"
  ])
}, 60_000)
