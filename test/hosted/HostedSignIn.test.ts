import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import type { HostedSignIn } from "../../src/hosted.ts"
import {
  AuthorizationDenied,
  CredentialStoreError,
  HostedSignIn as Hosted,
  InvalidOptions,
  PendingStore,
  PendingStoreError,
  TokenError
} from "../../src/hosted.ts"
import { CallbackServer, CredentialStore } from "../../src/index.ts"
import { McpOAuth } from "../../src/mcp.ts"
import * as HostedWorld from "../fixtures/HostedWorld.ts"
import { nobody } from "../fixtures/nobody.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

const { ask, get, visit } = HostedWorld

const tokenOf = (world: HostedWorld.HostedWorld, account: string) =>
  Effect.map(
    world.credentials.load({ serverUrl: world.server.url, account }),
    Option.flatMapNullable(({ tokens }) => tokens && Redacted.value(tokens.accessToken))
  )

/** What the host uses afterwards: no browser, no listener. */
const oauthOf = (world: HostedWorld.HostedWorld, account: string, fetch: HostedSignIn["fetch"]) =>
  Effect.provide(
    McpOAuth.make({ serverUrl: world.server.url, account, interactive: false, fetch }),
    Layer.mergeAll(
      nobody,
      Layer.succeed(CredentialStore, world.credentials),
      Layer.succeed(CallbackServer, { bind: () => Effect.dieMessage("nothing is bound") })
    )
  )

describe("HostedSignIn", () => {
  it.scopedLive("signs a person in who comes back to another machine, and McpOAuth finds the credentials", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const [one, two] = [yield* world.machine(), yield* world.machine()]
      const oauth = yield* oauthOf(world, "ann", one.fetch)
      const before = yield* Effect.either(Effect.tryPromise({
        try: () => oauth.fetch(world.server.url, { method: "POST", body: "{}" }),
        catch: (error) => error as { readonly _tag: string }
      }))
      assert.strictEqual(Either.isLeft(before) && before.left._tag, "InteractionRequired")
      const begun = yield* world.begin(one)
      assert.notProperty(begun, "cookie")
      const shown = yield* visit(two, yield* world.authorize(begun), {}, one)
      assert.strictEqual(shown.status, 200)
      assert.match(shown.title, /^Signed in to 127\.0\.0\.1/)
      const response = yield* Effect.promise(() => oauth.fetch(world.server.url, { method: "POST", body: "{}" }))
      assert.strictEqual(response.status, 200)
      yield* Effect.promise(async () => await response.body?.cancel())
      assert.deepStrictEqual(world.outcomes, [{ _tag: "SignedIn", account: "ann", serverUrl: world.server.url }])
      const registered = world.authorizationServer.requests.find(({ endpoint }) => endpoint === "register")
      assert.include(JSON.stringify(registered), "web")
    }))

  it.scopedLive("refreshes by McpOAuth what it stored", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      yield* visit(machine, yield* world.authorize(yield* world.begin(machine)))
      world.authorizationServer.expireAll()
      const oauth = yield* oauthOf(world, "ann", machine.fetch)
      const response = yield* Effect.promise(() => oauth.fetch(world.server.url, { method: "POST", body: "{}" }))
      yield* Effect.promise(async () => await response.body?.cancel())
      assert.strictEqual(response.status, 200)
      assert.strictEqual(world.authorizationServer.refreshes(), 1)
    }))

  it.scopedLive("registers once for all people, also when many begin at the same time on two machines", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machines = [yield* world.machine(), yield* world.machine()]
      const begun = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => index),
        (index) => world.begin(machines[index % 2] ?? machines[0]!, `person ${index}`),
        { concurrency: 12 }
      )
      assert.strictEqual(world.authorizationServer.count("register"), 1)
      for (const each of begun) yield* visit(machines[0]!, yield* world.authorize(each))
      assert.strictEqual(world.outcomes.filter(({ _tag }) => _tag === "SignedIn").length, 12)
      assert.strictEqual(world.authorizationServer.count("register"), 1)
    }))

  it.scopedLive("spends a code once, however often its answer comes, and shows each browser the same", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const [one, two] = [yield* world.machine(), yield* world.machine()]
      const address = yield* world.authorize(yield* world.begin(one))
      const shown = yield* Effect.forEach([one, two, one, two, one], (machine) => visit(machine, address, {}, two), {
        concurrency: 5
      })
      for (const { title } of [...shown, yield* visit(two, address)]) assert.match(title, /^Signed in to/)
      assert.strictEqual(world.authorizationServer.count("token"), 1)
      assert.strictEqual(world.outcomes.length, 1)
    }))

  it.scopedLive("keeps a sign-in whatever junk comes before its answer", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const address = yield* world.authorize(yield* world.begin(machine))
      const state = new URL(address).searchParams.get("state") ?? ""
      const junk: ReadonlyArray<readonly [Request, number]> = [
        [get(`${HostedWorld.redirectUri}?code=x`), 400],
        [get(`${HostedWorld.redirectUri}?code=x&state=${"0".repeat(64)}`), 400],
        [get(`${HostedWorld.redirectUri}?code=x&state=${state}&state=${state}`), 400],
        [get(address, { host: "evil.example" }), 421],
        [get(address, { "sec-fetch-mode": "no-cors" }), 403],
        [get(address, { "sec-purpose": "prefetch" }), 403],
        [get(address.replace("/callback", "/other")), 404],
        [new Request(address, { method: "HEAD", headers: HostedWorld.navigation }), 405],
        [new Request(address, { method: "POST", headers: HostedWorld.navigation, body: "x" }), 405]
      ]
      for (const [request, status] of junk) assert.strictEqual((yield* ask(machine, request)).status, status)
      assert.match((yield* visit(machine, address)).title, /^Signed in to/)
      assert.strictEqual(world.outcomes.filter(({ _tag }) => _tag === "Refused").length, junk.length)
    }))

  it.scopedLive("answers a state that nobody knows with the page of a flow", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const shown = yield* ask(machine, get(`${HostedWorld.redirectUri}?code=x&state=${"a".repeat(64)}`))
      assert.strictEqual(shown.status, 400)
      assert.strictEqual(shown.title, "Not the current sign-in")
      assert.deepStrictEqual(world.outcomes, [{ _tag: "Refused", reason: "StateMismatch" }])
    }))

  it.scopedLive("asks nobody to paste, and says which option helps", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const { redirectUri } = HostedWorld
      const address = `${redirectUri}?code=x&state=${"a".repeat(64)}`
      const bodies: Array<string> = []
      for (
        const request of [
          get(`${redirectUri}?code=x`),
          get(`${redirectUri}?error=access_denied`),
          get(address.replace("/callback", "/other")),
          get(address, { host: "10.0.0.5:3000" })
        ]
      ) {
        bodies.push((yield* ask(machine, request)).body)
      }
      for (const body of bodies) assert.notMatch(body, /paste/i)
      assert.include(bodies.at(-1), "in the option `hosts`")
      const reasons = world.outcomes.map((outcome) => outcome._tag === "Refused" ? outcome.reason : "")
      assert.deepStrictEqual(reasons, ["StateMissing", "DenialWithoutState", "WrongPath", "WrongHost"])
    }))

  it.scopedLive("refuses an answer of another issuer, and a denial, and tells both", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const first = new URL(yield* world.authorize(yield* world.begin(machine)))
      first.searchParams.set("iss", "https://evil.example")
      const mismatch = yield* visit(machine, first.href)
      assert.strictEqual(mismatch.status, 400)
      assert.strictEqual(world.authorizationServer.count("token"), 0)
      world.authorizationServer.knobs.authorize = { error: "access_denied" }
      const denied = yield* visit(machine, yield* world.authorize(yield* world.begin(machine)))
      assert.match(denied.title, /^Not signed in/)
      assert.include(denied.body, "The sign-in was declined")
      const errors = world.outcomes.map((outcome) => outcome._tag === "Failed" ? outcome.error._tag : outcome._tag)
      assert.deepStrictEqual(errors, ["InvalidResponse", "AuthorizationDenied"])
      const [, last] = world.outcomes
      assert.isTrue(last?._tag === "Failed" && last.error instanceof AuthorizationDenied)
      assert.isTrue(Option.isNone(yield* tokenOf(world, "ann")))
    }))

  it.scopedLive("says on the page that the exchange failed, and registers anew where the client was forgotten", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const address = yield* world.authorize(yield* world.begin(machine))
      for (const { client_id: id } of world.authorizationServer.clients()) world.authorizationServer.forgetClient(id)
      const shown = yield* visit(machine, address)
      assert.match(shown.title, /^Not signed in/)
      assert.include(shown.body, "invalid_client")
      const [outcome] = world.outcomes
      assert.isTrue(outcome?._tag === "Failed" && outcome.error instanceof TokenError)
      assert.match((yield* visit(machine, yield* world.authorize(yield* world.begin(machine)))).title, /^Signed in/)
      assert.strictEqual(world.authorizationServer.count("register"), 2)
    }))

  it.scopedLive("does not register anew for each answer that says so: a person can write it", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      for (const account of ["ann", "bob", "carl"]) {
        const forged = new URL(yield* world.authorize(yield* world.begin(machine, account)))
        forged.searchParams.delete("code")
        forged.searchParams.set("error", "invalid_client")
        assert.match((yield* visit(machine, forged.href)).title, /^Not signed in/)
      }
      assert.strictEqual(world.authorizationServer.count("register"), 1)
    }))

  it.scopedLive("takes an answer from the browser with the cookie alone, where the sign-in is bound to it", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const begun = yield* world.begin(machine, "ann", { bindToBrowser: true })
      const { cookie = "" } = begun
      assert.match(
        cookie,
        /^__Host-signin-[\w-]{22}=[\da-f]{64}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/
      )
      const address = yield* world.authorize(begun)
      const [pair = ""] = cookie.split(";")
      const [name = ""] = pair.split("=")
      for (const other of [{}, { cookie: `${name}=${"0".repeat(64)}` }]) {
        const shown = yield* visit(machine, address, other)
        assert.strictEqual(shown.title, "Not the current sign-in")
      }
      assert.strictEqual(world.authorizationServer.count("token"), 0)
      const shown = yield* visit(machine, address, { cookie: `theme=dark; ${pair}` })
      assert.match(shown.title, /^Signed in/)
    }))

  it.scopedLive("takes a posted form where the response mode asks for it", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine({ responseMode: "form_post" })
      const begun = yield* world.begin(machine, "ann", { bindToBrowser: true })
      assert.include(begun.cookie, "SameSite=None; Secure")
      const { search } = new URL(yield* world.authorize(begun))
      const headers = {
        ...HostedWorld.navigation,
        cookie: begun.cookie?.split(";")[0] ?? "",
        "content-type": "application/x-www-form-urlencoded"
      }
      const post = (body: string) =>
        ask(machine, new Request(HostedWorld.redirectUri, { method: "POST", headers, body }))
      assert.strictEqual((yield* post("x".repeat(70_000))).status, 413)
      const shown = yield* post(search.slice(1))
      assert.strictEqual(shown.status, 303)
      assert.match(
        (yield* ask(machine, get(new URL(shown.location ?? "", HostedWorld.redirectUri)))).title,
        /^Signed in/
      )
    }))

  it.scopedLive("uses a client of the options, whose secret is not stored", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make({ authorizationServer: { registration: "absent" } })
      world.authorizationServer.addClient({
        client_id: "by-hand",
        client_secret: "s3cret",
        redirect_uris: [HostedWorld.redirectUri],
        token_endpoint_auth_method: "client_secret_basic"
      })
      const machine = yield* world.machine()
      const client = { clientId: "by-hand", clientSecret: Redacted.make("s3cret") }
      const shown = yield* visit(machine, yield* world.authorize(yield* world.begin(machine, "ann", { client })))
      assert.match(shown.title, /^Signed in/)
      const stored = yield* world.credentials.load({ serverUrl: world.server.url, account: "ann" })
      assert.deepStrictEqual(Option.getOrUndefined(stored)?.client, { clientId: "by-hand" })
    }))

  it.scopedLive("leaves the credentials of a person who begins again as they are, until an answer brings better ones", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      yield* visit(machine, yield* world.authorize(yield* world.begin(machine)))
      const first = yield* tokenOf(world, "ann")
      assert.isTrue(Option.isSome(first))
      const again = yield* world.authorize(yield* world.begin(machine))
      assert.deepStrictEqual(yield* tokenOf(world, "ann"), first)
      const denied = new URL(again)
      denied.searchParams.delete("code")
      denied.searchParams.set("error", "access_denied")
      assert.match((yield* visit(machine, denied.href)).title, /^Not signed in/)
      assert.deepStrictEqual(yield* tokenOf(world, "ann"), first)
      assert.match((yield* visit(machine, yield* world.authorize(yield* world.begin(machine)))).title, /^Signed in/)
      assert.notDeepEqual(yield* tokenOf(world, "ann"), first)
      const accounts = yield* Effect.provideService(McpOAuth.accounts, CredentialStore, world.credentials)
      assert.deepStrictEqual(accounts.map(({ account, isSignedIn }) => [account, isSignedIn]), [["ann", true]])
    }))

  it.scopedLive(
    "never fails, whichever call of its stores does, and however; the page says no more than is known",
    () =>
      Effect.gen(function* () {
        // The calls of an answer and its page: mark, take, page kept, page taken, page put back.
        const ways: ReadonlyArray<() => Effect.Effect<never, PendingStoreError>> = [
          () => Effect.fail(new PendingStoreError({ reason: "Unwritable", detail: "it is away" })),
          () => Effect.die(new Error("it died")),
          () => {
            throw new Error("it threw")
          },
          () => Effect.succeed("junk" as never),
          () => Effect.succeed(undefined as never),
          () => undefined as never
        ]
        for (const [at, failing] of ways.flatMap((way) => [0, 1, 2, 3, 4].map((at) => [at, way] as const))) {
          const world = yield* HostedWorld.make()
          let calls = Number.NEGATIVE_INFINITY
          const machine = yield* world.machine({
            store: {
              putIfAbsent: (key, text, ttl) => calls++ === at ? failing() : world.pending.putIfAbsent(key, text, ttl),
              take: (key) => calls++ === at ? failing() : world.pending.take(key)
            }
          })
          const address = yield* world.authorize(yield* world.begin(machine))
          calls = 0
          const shown = yield* visit(machine, address)
          const isSignedIn = Option.isSome(yield* tokenOf(world, "ann"))
          assert.strictEqual(isSignedIn, at !== 1, `${at} ${String(failing)}`)
          if (isSignedIn) assert.notMatch(shown.title, /^Not/)
          else assert.match(shown.title, /^Not signed in/)
          assert.notMatch(shown.body, /it (is away|died|threw)/)
          if (at !== 1) continue
          assert.match((yield* visit(machine, address)).title, /^Signed in/)
          assert.strictEqual(world.outcomes.filter(({ _tag }) => _tag === "StoreFailed").length, 1)
        }
      }),
    60_000
  )

  it.scoped("answers in the end where the store does not, with words that fit", () =>
    Effect.gen(function* () {
      const given = yield* Deferred.make<Option.Option<never>>()
      yield* Effect.addFinalizer(() => Deferred.succeed(given, Option.none()))
      const machine = yield* Effect.provideServiceEffect(
        Hosted.make({
          redirectUri: HostedWorld.redirectUri,
          store: { putIfAbsent: () => Effect.succeed(true), take: () => Deferred.await(given) }
        }),
        CredentialStore,
        CredentialStore.memory
      )
      const asked = yield* Effect.fork(ask(machine, get(`${HostedWorld.redirectUri}?code=x&state=${"a".repeat(64)}`)))
      yield* Effect.repeat(
        Effect.zipRight(
          TestClock.adjust("5 seconds"),
          Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve)))
        ),
        { until: () => Effect.map(Fiber.poll(asked), Option.isSome) }
      )
      assert.strictEqual((yield* Fiber.join(asked)).status, 200)
    }))

  it.scopedLive("finishes sign-ins where the store has no room for anything more", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make({ pending: yield* PendingStore.memory({ capacity: 2 }) })
      const machine = yield* world.machine()
      const addresses = yield* Effect.forEach(["ann", "bob"], (account) =>
        Effect.flatMap(world.begin(machine, account), world.authorize))
      assert.instanceOf(yield* Effect.flip(world.begin(machine, "carl")), PendingStoreError)
      for (const address of addresses) {
        assert.match((yield* visit(machine, address)).title, /^(Signed in|Received|Back)/)
      }
      assert.deepStrictEqual(
        world.outcomes.map(({ _tag }) =>
          _tag
        ).filter((tag) => tag === "SignedIn").length,
        2
      )
    }))

  it.scopedLive("writes the credentials once more where their store fails for a moment: the code is spent", () =>
    Effect.gen(function* () {
      const credentials = yield* CredentialStore.memory
      let failures = 0
      const world = yield* HostedWorld.make({
        credentials: {
          ...credentials,
          modify: (key, change, options) =>
            key.account === "ann" && failures++ < 2
              ? Effect.fail(new CredentialStoreError({ reason: "Unwritable", detail: "away" }))
              : credentials.modify(key, change, options)
        }
      })
      const machine = yield* world.machine()
      assert.match((yield* visit(machine, yield* world.authorize(yield* world.begin(machine)))).title, /^Signed in/)
      assert.strictEqual(failures, 3)
      assert.isTrue(Option.isSome(yield* tokenOf(world, "ann")))
    }))

  it.scopedLive("lets nothing of a person into what the store is given, a span, an address or an outcome", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const given: Array<string> = []
      const machine = yield* world.machine({
        store: {
          putIfAbsent: (key, text, ttl) => {
            given.push(key, Redacted.value(text))
            return world.pending.putIfAbsent(key, text, ttl)
          },
          take: (key) => {
            given.push(key)
            return world.pending.take(key)
          }
        }
      })
      const recorder = SpanRecorder.make()
      const begun = yield* Effect.withTracer(world.begin(machine, "ann.private"), recorder.tracer)
      const address = yield* world.authorize(begun)
      const shown = yield* Effect.withTracer(visit(machine, address), recorder.tracer)
      assert.match(shown.title, /^Signed in/)
      const { searchParams } = new URL(address)
      const secrets = [searchParams.get("state") ?? "", searchParams.get("code") ?? "", "ann.private"]
      for (const secret of secrets) {
        assert.isAbove(secret.length, 5)
        assert.notInclude(given.join("\n"), secret)
        assert.notInclude(recorder.text(), secret)
        assert.notInclude(shown.body, secret)
      }
      assert.notInclude(given.join("\n"), "127.0.0.1")
      assert.notInclude(begun.url.href, "ann.private")
      assert.include(recorder.names, "HostedSignIn.begin")
      assert.include(recorder.names, "HostedSignIn.handle")
    }))

  it.scopedLive("names the option that cannot be used", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const optionOf = (effect: Effect.Effect<unknown, unknown>) =>
        Effect.map(Effect.flip(effect), (error) => error instanceof InvalidOptions ? error.option : error)
      const make = (options: object) =>
        optionOf(Effect.provideService(
          Hosted.make({ redirectUri: HostedWorld.redirectUri, store: world.pending, ...options }),
          CredentialStore,
          world.credentials
        ))
      assert.strictEqual(yield* make({ redirectUri: "http://agent.example/cb" }), "redirectUri")
      assert.strictEqual(yield* make({ redirectUri: "no url" }), "redirectUri")
      assert.strictEqual(yield* make({ redirectUri: "https://me:s3cret@agent.example/cb" }), "redirectUri")
      assert.strictEqual(yield* make({ store: undefined }), "store")
      assert.strictEqual(yield* make({ responseMode: "fragment" }), "responseMode")
      assert.strictEqual(yield* make({ allowOrigins: ["*"] }), "allowOrigins")
      assert.strictEqual(yield* make({ store: PendingStore.memory() }), "store")
      assert.strictEqual(yield* make({ path: "callback" }), "path")
      assert.strictEqual(yield* make({ path: 1 }), "path")
      assert.strictEqual(yield* make({ hosts: "agent.example" }), "hosts")
      assert.strictEqual(yield* make({ requestTimeout: 0 }), "requestTimeout")
      const machine = yield* world.machine()
      assert.strictEqual(yield* optionOf(world.begin(machine, "")), "account")
      assert.strictEqual(yield* optionOf(world.begin(machine, "ann", { name: 5 as never })), "name")
      assert.strictEqual(yield* optionOf(world.begin(machine, "ann", { timeout: 0 })), "timeout")
      assert.strictEqual(yield* optionOf(world.begin(machine, "ann", { scope: '"' })), "scope")
      const client = { clientId: undefined as never }
      assert.strictEqual(yield* optionOf(world.begin(machine, "ann", { client })), "client.clientId")
    }))
})
