/** The built package beside one MCP SDK, and beside none: each in a folder that has nothing else. Needs `npm run build`. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as McpServer from "../fixtures/McpServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const packages = { v1: ["@modelcontextprotocol/sdk"], v2: ["@modelcontextprotocol/client"], none: [] } as const

type Way = "promise" | "effect"
type SdkName = keyof typeof packages

/** A folder with the built package and what it is given, which the program is in too. */
const makeFolder = (way: Way, sdk: SdkName): string => {
  const folder = Fs.mkdtempSync(join(tmpdir(), "effect-oauth-callback-"))
  const modules = join(folder, "node_modules")
  for (const name of ["open", ...packages[sdk], ...(way === "effect" ? ["effect"] : [])]) {
    Fs.mkdirSync(dirname(join(modules, name)), { recursive: true })
    Fs.symlinkSync(join(root, "node_modules", name), join(modules, name), "junction")
  }
  // Copied, because a link would lead its imports to the packages of this repository.
  const own = join(modules, "effect-oauth-callback")
  Fs.mkdirSync(own)
  Fs.copyFileSync(join(root, "package.json"), join(own, "package.json"))
  Fs.cpSync(join(root, "dist"), join(own, "dist"), { recursive: true })
  Fs.copyFileSync(join(root, "test/fixtures/programs/besideSdk.mjs"), join(folder, "program.mjs"))
  Fs.writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`)
  return folder
}

const folderFor = (way: Way, sdk: SdkName) =>
  Effect.acquireRelease(
    Effect.sync(() => makeFolder(way, sdk)),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
  )

const run = (folder: string, args: ReadonlyArray<string>): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const flags = "Deno" in globalThis ? ["run", "-A", "--no-config", "--node-modules-dir=manual"] : []
    const options = { cwd: folder, timeout: 80_000 }
    execFile(process.execPath, [...flags, "program.mjs", ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout))
      else reject(new Error(`${error.message}\n${stderr}`))
    })
  })

/** What the program says of a sign-in to a real MCP server. */
const said = (way: Way, sdk: SdkName) =>
  Effect.gen(function* () {
    const authorizationServer = yield* ScriptedAuthorizationServer.make()
    const server = yield* McpServer.make({ name: "notes", authorizationServer })
    const folder = yield* folderFor(way, sdk)
    return yield* Effect.promise(() => run(folder, [way, sdk, server.url]))
  })

// Without `npm run build` there is nothing to test; `npm test` builds first.
describe.skipIf(!Fs.existsSync(join(root, "dist/mcp.js")))("the built package", () => {
  for (const [way, entry] of [["promise", "./promise, without Effect"], ["effect", "./mcp"]] as const) {
    for (const sdk of ["v1", "v2"] as const) {
      it.scopedLive(`connects by ${entry}, where only ${packages[sdk][0]} is installed`, () =>
        Effect.gen(function* () {
          const result = yield* said(way, sdk)
          assert.deepStrictEqual(result, { others: [], text: "person at notes", windows: 1, isOpen: false })
        }), 90_000)
    }

    it.scopedLive(
      `signs in and out by ${entry}, where no SDK is installed, and connect says what to install`,
      () =>
        Effect.gen(function* () {
          const result = yield* said(way, "none")
          assert.deepStrictEqual(result, {
            others: [],
            missing: {
              tag: "SdkMissing",
              message: "Cannot load a transport: no MCP SDK is installed. Install the one that your client is of: " +
                'npm install "@modelcontextprotocol/sdk@^1.31", or npm install "@modelcontextprotocol/client@^2"; or pass ' +
                "`transport`",
              // Nobody is asked to sign in for a connection that cannot be made.
              windows: 0
            },
            status: 200,
            isSignedIn: true,
            afterLogout: false,
            windows: 2
          })
        }),
      90_000
    )
  }
})
