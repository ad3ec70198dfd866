/**
 * The one function of hosted sign-ins that `./promise` has. What is behind it is loaded on first use.
 */
import type { CreateHostedSignInOptions, HostedSignIn } from "./HostedSignIn.ts"

/**
 * Signs people in to MCP servers from a web service, on one machine or many. `handle` takes a `Request` and gives a promise of
 * a `Response`, so that Hono, Deno.serve, Bun.serve and Workers mount it in one line, at the path of `redirectUri`. Nothing
 * is sent or opened before it is used.
 *
 * Rejects with `InvalidOptions` when an option cannot be used, with `CredentialStoreError`, or with `signal.reason`.
 *
 * @example
 * ```ts
 * import { createHostedSignIn, createMcpOAuth, type PendingStore, type TextStore } from "effect-oauth-callback/promise"
 *
 * // `router` stands for that of Hono; `pending` and `credentials` for stores that all machines share.
 * const mount = async (
 *   router: { all(path: string, serve: (context: { req: { raw: Request } }) => Promise<Response>): unknown },
 *   pending: PendingStore,
 *   credentials: TextStore
 * ) => {
 *   const hosted = await createHostedSignIn({
 *     redirectUri: "https://agent.example/oauth/callback",
 *     store: pending,
 *     credentials
 *   })
 *   router.all("/oauth/callback", ({ req }) => hosted.handle(req.raw))
 *   return {
 *     // Where to send the browser of the person who is `account` in your session.
 *     signIn: (account: string, serverUrl: string) => hosted.begin({ account, serverUrl }),
 *     // For requests to the server, afterwards.
 *     use: (account: string, serverUrl: string) =>
 *       createMcpOAuth({ account, serverUrl, store: credentials, fetch: hosted.fetch, interactive: false, prompt: false })
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const createHostedSignIn = async (options: CreateHostedSignInOptions): Promise<HostedSignIn> =>
  (await import("./openHostedSignIn.ts")).openHostedSignIn(options)
