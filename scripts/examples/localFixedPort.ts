/**
 * What `fixedPort.ts --local` runs with, in place of servers of others and of a person: an authorization server that compares
 * redirect URIs to the letter, an MCP server behind it, and a browser.
 */
import type { PendingSignIn } from "effect-oauth-callback/promise"
import * as Effect from "effect/Effect"
import * as LoopbackHttp from "../../test/fixtures/LoopbackHttp.ts"
import * as ProtectedServer from "../../test/fixtures/ProtectedServer.ts"
import * as ScriptedAuthorizationServer from "../../test/fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../../test/fixtures/StandInBrowser.ts"

/** A client with one redirect URI, and a server that knows it. */
export interface FixedPort {
  readonly serverUrl: string
  readonly clientId: string
  /** The port of its redirect URI. */
  readonly port: number
  /** Shows a sign-in to a person. @default on stderr, and in the system's browser */
  readonly present?: ((pending: PendingSignIn) => void) | undefined
}

const clientId = "made-by-hand"

/** Runs something with the servers; the browser comes back from all of `count` sign-ins when the last one is shown. */
export const withFixedPort = (count: number, use: (fixed: FixedPort) => Promise<void>): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.gen(function* () {
    const { port } = yield* Effect.scoped(LoopbackHttp.listen)
    const authorizationServer = yield* ScriptedAuthorizationServer.make({ strictRedirect: true })
    authorizationServer.addClient({
      client_id: clientId,
      redirect_uris: [`http://127.0.0.1:${port}/callback`],
      token_endpoint_auth_method: "none"
    })
    const { url: serverUrl } = yield* ProtectedServer.make({ authorizationServer })
    const shown: Array<URL> = []
    const visits: Array<Promise<unknown>> = []
    const present = ({ redirectUri, url }: PendingSignIn) => {
      shown.push(url)
      console.log(`${shown.length} of ${count} is shown, and comes back to ${redirectUri}`)
      if (shown.length < count) return
      for (const each of shown) {
        visits.push(Effect.runPromise(StandInBrowser.make().visit(each, { follow: true })))
      }
    }
    yield* Effect.promise(() => use({ serverUrl, clientId, port, present }))
    yield* Effect.promise(() => Promise.all(visits))
  })))
