/**
 * Rejections as a person sees them: each kind has its tag and a message for people, is a whole Error with a stack, and shows its
 * name and message wherever it is printed, but no secret. The sources and the bundle must not differ.
 */
import { assert, describe, it } from "@effect/vitest"
import { inspect, types } from "node:util"
import { type Callback, createMcpOAuth, type CreateMcpOAuthOptions, openCallback } from "../../src/promise.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import { rejection } from "../fixtures/rejection.ts"
import { withStranger } from "../fixtures/Stranger.ts"

const secrets = { code: "SECRET-CODE", verifier: "SECRET-VERIFIER", token: "SECRET-TOKEN", secret: "SECRET-CLIENT" }

const portOf = (callback: Callback) => Number(new URL(callback.redirectUri).port)
const query = (parameters: Readonly<Record<string, string>>) => new URLSearchParams(parameters).toString()
const urlFor = ({ redirectUri, state }: Callback) =>
  `https://as.example/authorize?${query({ state, redirect_uri: redirectUri, code_challenge: secrets.verifier })}`
const browse = (callback: Callback, parameters: string) =>
  RawClient.get(portOf(callback), `${new URL(callback.redirectUri).pathname}?state=${callback.state}&${parameters}`)

/** Opens a callback, for a rejection that it gives. */
const from = (use: (callback: Callback) => Promise<unknown>) => async (): Promise<[unknown, ReadonlyArray<string>]> => {
  const callback = await openCallback({ paste: false, openBrowser: false })
  try {
    return [await use(callback), [callback.state]]
  } finally {
    await callback.close()
  }
}

/** What `authorize` rejects with when the browser brings these. */
const answered = (parameters: string, more: { readonly issuer?: string; readonly issuerRequired?: boolean } = {}) =>
  from(async (callback) => {
    const waiting = rejection(callback.authorize({ url: urlFor(callback), present: false, ...more }))
    await browse(callback, parameters)
    return await waiting
  })

const forUrl = (toUrl: (callback: Callback) => string) =>
  from((callback) => rejection(callback.authorize({ url: toUrl(callback), present: false })))

const json = (value: unknown, status = 200) =>
  Promise.resolve(new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } }))

/** What a sign-in to an MCP server rejects with that wants one, when the rest of the web answers like this. */
const signingIn = (options: Partial<CreateMcpOAuthOptions>) => async (): Promise<[unknown, ReadonlyArray<string>]> => {
  const oauth = await createMcpOAuth({
    serverUrl: "https://mcp.example/mcp",
    prompt: false,
    openBrowser: false,
    fetch: () => json({ error: secrets.token }, 401),
    ...options
  })
  try {
    return [await rejection(oauth.login()), []]
  } finally {
    await oauth.close()
  }
}

const kinds: ReadonlyArray<
  readonly [tag: string, reason: string | undefined, make: () => Promise<[unknown, ReadonlyArray<string>]>]
> = [
  ["BindError", "PortInUse", from(() => withStranger((port) => rejection(openCallback({ paste: false, port }))))],
  ["BindError", "InvalidOptions", from(() => rejection(openCallback({ port: -1 })))],
  ["AuthorizationDenied", undefined, answered("error=access_denied&error_description=not+today")],
  [
    "AuthorizationDenied",
    undefined,
    answered(`error=server_error&error_description=${secrets.code}&code=${secrets.code}`)
  ],
  ["InvalidResponse", "CodeMissing", answered("x=y")],
  ["InvalidResponse", "RepeatedParameter", answered(`code=${secrets.code}&code=${secrets.code}`)],
  ["InvalidResponse", "IssuerMissing", answered(`code=${secrets.code}`, { issuerRequired: true })],
  [
    "InvalidResponse",
    "IssuerMismatch",
    answered(`code=${secrets.code}&iss=https%3A%2F%2Fb.example`, {
      issuer: "https://a.example"
    })
  ],
  [
    "AuthorizationTimeout",
    undefined,
    from((callback) => rejection(callback.authorize({ url: urlFor(callback), present: false, timeout: 5 })))
  ],
  [
    "AuthorizationTimeout",
    undefined,
    from(async (callback) => {
      const exchange = () => new Promise(() => {})
      const request = { url: urlFor(callback), present: false, exchangeTimeout: 5, exchange } as const
      const waiting = rejection(callback.authorize(request))
      await browse(callback, `code=${secrets.code}`)
      return await waiting
    })
  ],
  ["InvalidAuthorizationUrl", "NotAUrl", forUrl(({ state }) => state)],
  ["InvalidAuthorizationUrl", "Scheme", forUrl(({ state }) => `ftp://as.example/?state=${state}`)],
  [
    "InvalidAuthorizationUrl",
    "StateMismatch",
    forUrl(({ state }) => `https://a.example/?state=${state}&state=${state}`)
  ],
  ["InvalidAuthorizationUrl", "RedirectUriMismatch", forUrl(({ state }) => `https://a.example/?state=${state}`)],
  ["PasteRefused", "NotAResponse", from((callback) => rejection(callback.submit(secrets.code)))],
  [
    "PasteRefused",
    "StateMismatch",
    from((callback) =>
      rejection(callback.submit(`${callback.redirectUri}?code=${secrets.code}&state=${callback.state.slice(1)}x`))
    )
  ],
  [
    "Closed",
    undefined,
    from(async (callback) => {
      const waiting = rejection(callback.authorize({ url: urlFor(callback), present: false }))
      await callback.close()
      return await waiting
    })
  ],
  [
    "AlreadyUsed",
    undefined,
    from(async (callback) => {
      const first = rejection(callback.authorize({ url: urlFor(callback), present: false }))
      const second = await rejection(callback.authorize({ url: urlFor(callback), present: false }))
      await callback.close()
      await first
      return second
    })
  ],
  [
    "InvalidServerUrl",
    undefined,
    async () => [await rejection(createMcpOAuth({ serverUrl: "ftp://mcp.example" })), []]
  ],
  ["InteractionRequired", undefined, signingIn({ interactive: false })],
  [
    "DiscoveryError",
    undefined,
    signingIn({ fetch: () => Promise.reject(new TypeError(`no route: ${secrets.token}`)) })
  ],
  [
    "CredentialStoreError",
    undefined,
    async () => {
      const broken = () => Promise.reject(new Error("the key chain is locked"))
      const store = { get: broken, set: broken, delete: broken }
      const oauth = await createMcpOAuth({ serverUrl: "https://mcp.example/mcp", prompt: false, store })
      try {
        return [await rejection(oauth.status()), []]
      } finally {
        await oauth.close()
      }
    }
  ]
]

describe("a rejection", () => {
  for (const [index, [tag, reason, make]] of kinds.entries()) {
    it(`${index + 1}, ${tag}${reason === undefined ? "" : ` for ${reason}`}, is an Error that says what happened`, async () => {
      const [error, own] = await make()
      assert.instanceOf(error, Error)
      // Of a proxy Deno prints no message when nobody catches it.
      assert.isTrue(types.isNativeError(error))
      const { message, stack = "" } = error as Error
      assert.include(error as object, { _tag: tag, ...(reason !== undefined && { reason }) })
      assert.isAbove(message.length, 20)
      assert.match(message, /^[A-Z"]/)
      assert.notMatch(message, /undefined|\[object|NaN/)
      assert.include(stack, message)
      assert.match(stack, /\n\s+at /)
      assert.include(String(error), message)
      const shown = [
        inspect(error),
        inspect(error, { depth: 9, showHidden: true }),
        inspect({ error }),
        inspect([error])
      ]
      assert.match(shown[0] ?? "", new RegExp(`^${tag}: `))
      for (const text of shown) {
        assert.include(text, `${tag}: `)
        assert.include(text, message)
        assert.match(text, /\n\s+at /)
      }
      const told = [
        ...shown,
        stack,
        String(error),
        JSON.stringify(error),
        JSON.stringify(Object.entries(error as object))
      ]
      for (const secret of [...own, secrets.code, secrets.verifier, secrets.secret]) {
        for (const text of told) assert.notInclude(text, secret)
      }
    })
  }

  it("keeps what the caller's own functions threw as it is", async () => {
    const thrown = Object.assign(new RangeError("mine"), { _tag: "Mine" })
    const [error] = await from((callback) =>
      rejection(callback.authorize({ url: urlFor(callback), present: () => Promise.reject(thrown) }))
    )()
    assert.strictEqual(error, thrown)
  })
})
