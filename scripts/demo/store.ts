/**
 * The folder that the demo keeps everything in: the library its credentials, in files of its own, and the demo what its
 * servers know, so that the next run's servers take those credentials.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as AuthorizationServer from "../../test/fixtures/AuthorizationServer.ts"
import { DemoError } from "./DemoError.ts"

/** What the servers of one run leave to those of the next. */
export interface Kept {
  /** Where each came up, by its name. */
  readonly ports: Readonly<Record<string, number>>
  /** What the authorization server knows: its key, its clients and their tokens. */
  readonly authorizationServer?: AuthorizationServer.State | undefined
}

const version = 1
const fileOf = (directory: string): string => join(directory, "demo-servers.json")

const attempt = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, DemoError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new DemoError(`Cannot ${what}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  })

/** Makes the folder; without a name, one that is removed with the scope. */
export const folder = (directory: string | undefined): Effect.Effect<string, DemoError, Scope.Scope> =>
  directory === undefined
    ? Effect.acquireRelease(
      attempt("make a temporary folder", () => Fs.mkdtemp(join(tmpdir(), "effect-oauth-callback-demo-"))),
      (made) => Effect.promise(() => Fs.rm(made, { recursive: true, force: true }))
    )
    : attempt("use the store", () => Fs.mkdir(directory, { recursive: true, mode: 0o700 })).pipe(Effect.as(directory))

/** Tokens end; the provider would carry them along for ever. */
const withoutEnded = ({ stored, ...state }: AuthorizationServer.State): AuthorizationServer.State => {
  const now = Date.now() / 1000
  const hasEnded = (value: unknown): boolean =>
    typeof value === "object" && value !== null && "exp" in value && typeof value.exp === "number" && value.exp <= now
  return { ...state, stored: stored.filter(([, value]) => !hasEnded(value)) }
}

const parse = (text: string): Kept | undefined => {
  try {
    const kept: Kept & { readonly version: number } = JSON.parse(text)
    const { authorizationServer: state, ports } = kept
    return kept.version === version ? { ports, authorizationServer: state && withoutEnded(state) } : undefined
  } catch {
    // The engine's own message quotes the text.
    return undefined
  }
}

/** What the last run left in a folder; nothing is no failure. */
export const load = (directory: string): Effect.Effect<Kept, DemoError> =>
  Effect.gen(function* () {
    const file = fileOf(directory)
    const text = yield* attempt(`read ${file}`, () =>
      Fs.readFile(file, "utf8").catch((error) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
        throw error
      }))
    if (text === undefined) return { ports: {} }
    const kept = parse(text)
    return kept ??
      (yield* Effect.fail(new DemoError(`Cannot go on with ${file}: this demo did not write it. Remove it`)))
  })

/** Leaves it for the next run; only this user can read it, for there are tokens in it. */
export const save = (directory: string, kept: Kept): Effect.Effect<void, DemoError> =>
  attempt("keep what the servers know", async () => {
    const temporary = `${fileOf(directory)}.${randomUUID()}.tmp`
    await Fs.writeFile(temporary, JSON.stringify({ version, ...kept }), { mode: 0o600, flag: "wx" })
    await Fs.rename(temporary, fileOf(directory))
  })
