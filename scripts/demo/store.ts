/**
 * The folder of `--store`. The library keeps its credentials there, and the demo the state of its servers, so that the
 * servers of the next run accept those credentials.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as AuthorizationServer from "../../test/fixtures/AuthorizationServer.ts"
import { DemoError } from "./DemoError.ts"

/** What the servers of one run save for those of the next. */
export interface Kept {
  /** The port of each server, by its name. */
  readonly ports: Readonly<Record<string, number>>
  /** The state of the authorization server: its key, its clients and their tokens. */
  readonly authorizationServer?: AuthorizationServer.State | undefined
}

const version = 1
const fileOf = (directory: string): string => join(directory, "demo-servers.json")

const attempt = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, DemoError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new DemoError(`Cannot ${what}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  })

/** Makes the folder; without a name, a temporary one that is removed when the scope closes. */
export const folder = (directory: string | undefined): Effect.Effect<string, DemoError, Scope.Scope> =>
  directory === undefined
    ? Effect.acquireRelease(
      attempt("make a temporary folder", () => Fs.mkdtemp(join(tmpdir(), "effect-oauth-callback-demo-"))),
      (made) => Effect.promise(() => Fs.rm(made, { recursive: true, force: true }))
    )
    : attempt("use the store", () => Fs.mkdir(directory, { recursive: true, mode: 0o700 })).pipe(Effect.as(directory))

/** Removes expired tokens, which the provider would keep for ever. */
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
    // The message of the error would quote the text, which holds tokens.
    return undefined
  }
}

/** Reads what the last run saved. A missing file is no failure. */
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
      (yield* Effect.fail(new DemoError(`Cannot use ${file}: this demo did not write it. Remove it`)))
  })

/** Saves it for the next run. It holds tokens, so only this user can read it. */
export const save = (directory: string, kept: Kept): Effect.Effect<void, DemoError> =>
  attempt("keep what the servers know", async () => {
    const temporary = `${fileOf(directory)}.${randomUUID()}.tmp`
    await Fs.writeFile(temporary, JSON.stringify({ version, ...kept }), { mode: 0o600, flag: "wx" })
    await Fs.rename(temporary, fileOf(directory))
  })
