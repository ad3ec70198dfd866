/**
 * Whatever text a server sends, wherever it can send one: each field of each error, each message, the status, each span,
 * log line, notice and page is printable and short.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, FastCheck, Layer, Logger, LogLevel, Option, Queue, Redacted } from "effect"
import { CredentialStore, Presenter } from "../../src/index.ts"
import { type FetchLike, McpOAuth } from "../../src/mcp.ts"
import { hostile, isPrintable, pieces } from "../fixtures/HostileText.ts"
import { call } from "../fixtures/McpHarness.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

const serverUrl = "https://mcp.example/mcp"
const issuer = "https://as.example"

/** Each place where a server can write a text, what stands there otherwise, and whether it answers with an error then. */
const places = {
  "resource.resource": serverUrl,
  "resource.authorization_servers": issuer,
  "resource.scopes_supported": "read",
  "metadata.issuer": issuer,
  "metadata.authorization_endpoint": `${issuer}/authorize`,
  "metadata.token_endpoint": `${issuer}/token`,
  "metadata.registration_endpoint": `${issuer}/register`,
  "metadata.revocation_endpoint": `${issuer}/revoke`,
  "metadata.response_types_supported": "code",
  "metadata.code_challenge_methods_supported": "S256",
  "metadata.token_endpoint_auth_methods_supported": "none",
  "metadata.scopes_supported": "offline_access",
  "register.client_id": "client",
  "register.client_secret": "",
  "register.token_endpoint_auth_method": "none",
  "register.error": "",
  "register.error_description": "",
  "token.access_token": "token",
  "token.token_type": "Bearer",
  "token.refresh_token": "refresh",
  "token.scope": "read",
  "token.error": "",
  "token.error_description": "",
  "refresh.error": "",
  "refresh.error_description": "",
  "revoke.error": "",
  "revoke.error_description": "",
  "challenge.resource_metadata": "",
  "challenge.scope": "read",
  "challenge.error": "",
  "challenge.realm": "",
  "answer.error": "",
  "answer.error_description": "",
  "answer.error_uri": "",
  "answer.iss": "",
  "client.message": "",
  "redirect.location": "",
  "store.issuer": "",
  "store.clientId": "",
  "store.scope": ""
}

type Place = keyof typeof places
const allPlaces = Object.keys(places) as ReadonlyArray<string> as ReadonlyArray<Place>

/** A response whose headers hold what those of `fetch` cannot. */
const response = (body: object, status: number, headers: Readonly<Record<string, string>> = {}): Response => {
  const made = new Response(JSON.stringify(body), { status })
  Object.defineProperty(made, "headers", { value: { get: (name: string) => headers[name] ?? null } })
  return made
}

/** Both servers, with one place that they write a hostile text in. */
const servers = (place: Place, text: string) => {
  const at = (each: Place): string => each === place ? text : places[each]
  const listed = (each: Place) => [at(each)]
  /** The document of these fields, or the error that stands in it. */
  const answer = (name: string, fields: object, status = 200): Response => {
    const [error, description] = [at(`${name}.error` as Place), at(`${name}.error_description` as Place)]
    if (error === "" && description === "") return response(fields, status)
    return response({ error: error || "invalid_request", error_description: description }, 400)
  }
  let isRefusing = false
  const fetch: FetchLike = async (input, init = {}) => {
    const url = new URL(input)
    const body = init.body === undefined || init.body === null ? "" : await new Response(init.body).text()
    switch (url.pathname) {
      case "/.well-known/oauth-protected-resource/mcp":
        return response({
          resource: at("resource.resource"),
          authorization_servers: listed("resource.authorization_servers"),
          scopes_supported: listed("resource.scopes_supported")
        }, 200)
      case "/.well-known/oauth-authorization-server":
        return response({
          issuer: at("metadata.issuer"),
          authorization_endpoint: at("metadata.authorization_endpoint"),
          token_endpoint: at("metadata.token_endpoint"),
          registration_endpoint: at("metadata.registration_endpoint"),
          revocation_endpoint: at("metadata.revocation_endpoint"),
          response_types_supported: listed("metadata.response_types_supported"),
          code_challenge_methods_supported: listed("metadata.code_challenge_methods_supported"),
          token_endpoint_auth_methods_supported: listed("metadata.token_endpoint_auth_methods_supported"),
          scopes_supported: listed("metadata.scopes_supported")
        }, 200)
      case "/register":
        return answer("register", {
          ...JSON.parse(body),
          client_id: at("register.client_id"),
          client_secret: at("register.client_secret"),
          token_endpoint_auth_method: at("register.token_endpoint_auth_method")
        }, 201)
      case "/token":
        return answer(new URLSearchParams(body).get("grant_type") === "refresh_token" ? "refresh" : "token", {
          access_token: at("token.access_token"),
          token_type: at("token.token_type"),
          refresh_token: at("token.refresh_token"),
          scope: at("token.scope"),
          expires_in: 3600
        })
      case "/revoke":
        return answer("revoke", {})
      case "/mcp": {
        const location = at("redirect.location")
        if (location !== "") return response({}, 307, { location })
        const isIn = new Headers(init.headers).get("authorization") !== null && !isRefusing
        if (isIn) return response({ jsonrpc: "2.0", id: 0, result: {} }, 200)
        const fields = ["resource_metadata", "scope", "error", "realm"] as const
        const parameters = fields.map((name) => [name, at(`challenge.${name}`)] as const)
        const challenge = parameters.filter(([, value]) => value !== "").map(([name, value]) => `${name}="${value}"`)
        return response({}, 401, { "www-authenticate": `Bearer ${challenge.join(", ")}` })
      }
    }
    return response({}, 404)
  }
  return { at, fetch, refuse: (now: boolean) => void (isRefusing = now) }
}

/** All texts in a value: fields, messages, causes, and what is in these. */
const textsIn = (value: unknown, seen = new Set<unknown>()): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null || seen.has(value) || Redacted.isRedacted(value)) return []
  seen.add(value)
  if (value instanceof URL) return [value.href]
  if (value instanceof Map) return [...value].flatMap((each) => textsIn(each, seen))
  const own = Object.entries(value).filter(([name]) => name !== "stack").flatMap(([, each]) => textsIn(each, seen))
  return value instanceof Error ? [value.message, String(value), ...textsIn(value.cause, seen), ...own] : own
}

/** Everything that a program and its person see of a sign-in, a call, a refresh, a failed connection and a sign-out. */
const seen = (place: Place, text: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const heard: Array<unknown> = []
    const spans = SpanRecorder.make()
    const { at, fetch, refuse } = servers(place, text)
    const layers = yield* TestLayers.make
    const pages = yield* Queue.unbounded<string>()
    const store = yield* CredentialStore.memory
    const presenter: Presenter = {
      show: (pending) =>
        Effect.suspend(() => {
          heard.push(pending)
          const url = new URL(pending.redirectUri)
          url.searchParams.set("state", pending.url.searchParams.get("state") ?? "")
          for (const name of ["error", "error_description", "error_uri", "iss"] as const) {
            if (at(`answer.${name}`) !== "") url.searchParams.set(name, at(`answer.${name}`))
          }
          if (place === "answer.error_description" || place === "answer.error_uri") url.searchParams.set("error", "x")
          if (!url.searchParams.has("error")) url.searchParams.set("code", "code-of-the-test")
          return Effect.asVoid(Effect.forkDaemon(
            Effect.flatMap(layers.browse(url), (page) => Queue.offer(pages, page.body))
          ))
        }),
      notice: (notice) => Effect.sync(() => void heard.push(notice))
    }
    const services = Layer.mergeAll(
      layers.layer,
      Layer.succeed(CredentialStore, store),
      Layer.succeed(Presenter, presenter)
    )
    const logger = Logger.make(({ annotations, cause, message }) => {
      heard.push(message, [...annotations], Cause.pretty(cause).split("\n")[0])
    })
    yield* Effect.scoped(Effect.gen(function* () {
      if (place.startsWith("store.")) {
        const tokens = { accessToken: Redacted.make("old-token"), scope: at("store.scope"), expiresAt: 1e300 }
        yield* store.modify({ serverUrl }, () =>
          Effect.succeed([
            undefined,
            Option.some({
              issuer: at("store.issuer") || issuer,
              client: { clientId: at("store.clientId") || "client" },
              tokens
            })
          ]))
      }
      const oauth = yield* McpOAuth.make({ serverUrl, fetch })
      const keep = <R>(effect: Effect.Effect<unknown, unknown, R>) =>
        Effect.map(Effect.merge(effect), (result) => void heard.push(result))
      const keepStatus = Effect.flatMap(oauth.status, (status) =>
        Effect.sync(() => {
          heard.push(status)
          if (status.expiresAt !== undefined) new Date(status.expiresAt).toISOString()
        }))
      yield* keepStatus
      yield* keep(oauth.ensure)
      heard.push(yield* call(oauth, serverUrl, { method: "POST", body: "{}" }))
      yield* keepStatus
      refuse(true)
      yield* keep(oauth.ensure)
      heard.push(yield* call(oauth, serverUrl))
      refuse(false)
      yield* keepStatus
      const client = {
        connect: () => Promise.reject(new Error(at("client.message"))),
        close: () => Promise.resolve()
      }
      yield* keep(Effect.scoped(McpOAuth.connect(client, { serverUrl, fetch })))
      yield* keep(oauth.logout)
      yield* keepStatus
    })).pipe(
      SpanRecorder.record(spans),
      Effect.provide(Layer.mergeAll(
        services,
        Logger.replace(Logger.defaultLogger, logger),
        Logger.minimumLogLevel(LogLevel.All)
      )),
      Effect.orDie
    )
    const ofPages = Array.from(yield* Queue.takeAll(pages))
    // What a span holds is written down as JSON, which escapes what is not printable.
    const ofSpans = spans.text().split("\n").map((line) => line.replace(/\\u(?:[01]|d[89a-f])/gi, "\u001b"))
    return [...textsIn(heard), ...ofPages.flatMap((page) => page.split("\n")), ...ofSpans]
  })

/** The longest is the URL of an authorization request, whose endpoint and scopes may be long. */
const maxLength = 60_000

const assertHarmless = (texts: ReadonlyArray<string>): void => {
  assert.isAbove(texts.length, 10)
  for (const text of texts) {
    assert.isTrue(isPrintable(text), `not printable: ${JSON.stringify(text.slice(0, 500))}`)
    assert.isAtMost(text.length, text.includes("code_challenge=") || text.includes("{") ? maxLength : 10_000)
  }
}

describe("what a server writes is printable and short wherever it is seen", () => {
  for (const place of allPlaces) {
    it.effect(`in ${place}`, () =>
      Effect.gen(function* () {
        for (const piece of [pieces.join(""), "x".repeat(300_000)]) {
          for (const text of [piece, `${places[place]}/${piece}`]) assertHarmless(yield* seen(place, text))
        }
      }), 60_000)
  }

  it.effect.prop(
    "in any place, whatever the text",
    [
      FastCheck.constantFrom(...allPlaces),
      FastCheck.constantFrom("", "https://as.example/", "https://mcp.example/mcp?", "read "),
      hostile
    ],
    ([place, start, text]) => Effect.map(seen(place, `${start}${text}`), assertHarmless),
    {
      fastCheck: { numRuns: 100 },
      timeout: 120_000
    }
  )
})
