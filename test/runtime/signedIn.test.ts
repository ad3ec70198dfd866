import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { node } from "../../scripts/commands.ts"
import { open } from "../../src/runtime/FileCredentialStore.ts"

interface Loaded {
  readonly said: number
  readonly files: ReadonlyArray<string>
  readonly builtin: ReadonlyArray<string>
}

const root = new URL("../../", import.meta.url)
const accessToken = "the-stored-token"

/** A server that takes the stored token, and no other request. */
const server = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly close: () => void }>((resume) => {
    const listening = createServer((request, response) => {
      response.statusCode = request.headers.authorization === `Bearer ${accessToken}` ? 200 : 401
      response.end()
    }).listen(0, "127.0.0.1", () => {
      const { port } = listening.address() as AddressInfo
      const close = () => {
        listening.close()
        listening.closeAllConnections()
      }
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}/mcp`, close }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "signed-in-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const store = (directory: string, serverUrl: string) =>
  Effect.flatMap(open({ appName: "loaded", directory }), ({ modify }) => {
    const tokens = { accessToken: Redacted.make(accessToken), refreshToken: Redacted.make("r"), expiresAt: 4e12 }
    const credentials = { issuer: "https://as.example", client: { clientId: "c" }, tokens }
    return modify({ serverUrl }, () => Effect.succeed([undefined, Option.some(credentials)] as const))
  })

/** Runs a program on Node, and returns what it loaded. */
const load = (program: string) =>
  Effect.scoped(Effect.gen(function* () {
    const { url } = yield* server
    const directory = yield* folder
    yield* store(directory, url)
    const argument = { dist: new URL("dist/", root).href, directory, serverUrl: url, accessToken }
    const { stdout } = yield* Effect.promise(() =>
      promisify(execFile)(node() ?? "node", [
        fileURLToPath(new URL("test/fixtures/programs/loaded.mjs", root)),
        new URL(`test/fixtures/programs/signedIn/${program}.mjs`, root).href,
        JSON.stringify(argument)
      ], { cwd: fileURLToPath(root), env: { PATH: process.env.PATH ?? "" }, maxBuffer: 1e7 })
    )
    return JSON.parse(stdout) as Loaded
  }))

/** The sources of the package that were loaded; a file in `dist` has several of them. */
const own = ({ files }: Loaded) => {
  const dist = new URL("dist/", root)
  const modules: Readonly<Record<string, ReadonlyArray<string>>> = JSON.parse(
    readFileSync(new URL("modules.json", dist), "utf8")
  )
  return files.flatMap((file) => file.startsWith(dist.href) ? modules[file.slice(dist.href.length)] ?? [file] : [])
}

const others = ({ files }: Loaded) =>
  new Set(files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))

// There are no loader hooks on Deno; the modules and what imports them are the same ones.
describe("a program with good tokens in store", () => {
  for (const entry of ["promise", "mcp"]) {
    it.live(
      `loads by ./${entry} neither server nor terminal, nor anything of a sign-in, up to its first response`,
      () =>
        Effect.gen(function* () {
          const loaded = yield* load(entry)
          assert.strictEqual(loaded.said, 200)
          const files = own(loaded)
          assert.include(files, entry === "mcp" ? "src/mcp.ts" : "src/promise.ts")
          assert.isAbove(files.length, 3)
          const unused =
            /Http|Connections|Terminal|Stdin|LineReader|Browser|openFlow|openCallback|authorize|Page|Paste(d|R|S)|SignIn\.|Refresh\.|Logout|Token(Requests)|Discovery|Registration|auth\.js|[Kk]eychain|Encrypted|FileCodec|Hosted/
          // The options of ./promise may bring lines that a host reads itself; the entry names what makes hosted sign-ins.
          const known = entry === "promise" ? /^src\/((core\/)?paste\/|promise\/createHostedSignIn\.ts$)/ : /^$/
          assert.deepStrictEqual(files.filter((file) => unused.test(file) && !known.test(file)), [])
        }),
      60_000
    )

    it.live(
      `loads by ./${entry} no module of the runtime for servers, terminals or processes, that fetch does not load`,
      () =>
        Effect.gen(function* () {
          const bare = yield* load("fetch")
          const loaded = yield* load(entry)
          assert.strictEqual(bare.said, 200)
          const before = new Set(bare.builtin)
          const more = loaded.builtin.filter((name) => !before.has(name))
          assert.deepStrictEqual(
            more.filter((name) => /http|^net$|^tls|tty|readline|repl|child_process|dgram|cluster/.test(name)),
            []
          )
        }),
      60_000
    )
  }

  it.live("loads by ./promise no package at all, and by ./mcp only effect", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([...others(yield* load("promise"))], [])
      assert.deepStrictEqual([...others(yield* load("mcp"))], ["effect"])
    }), 60_000)
})
