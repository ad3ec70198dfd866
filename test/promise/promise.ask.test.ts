/** Hosts in async/await that ask the person for a client id themselves. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Effect, Exit, Scope } from "effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import {
  type ClientIdQuestion,
  connect,
  connectAll,
  createMcpOAuth,
  type CreateMcpOAuthOptions,
  type PendingSignIn
} from "../../src/promise.ts"
import { presenterFor } from "../../src/promise/services.ts"
import * as McpServer from "../fixtures/McpServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

let authorizationServer: ScriptedAuthorizationServer.ScriptedAuthorizationServer
let one: McpServer.McpServer
let two: McpServer.McpServer
let stop: () => Promise<void>
let questions: Array<ClientIdQuestion>

beforeEach(async () => {
  questions = []
  const scope = Effect.runSync(Scope.make())
  stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  await Effect.runPromise(Scope.extend(
    Effect.gen(function* () {
      authorizationServer = yield* ScriptedAuthorizationServer.make({ registration: "absent" })
      one = yield* McpServer.make({ name: "one", authorizationServer })
      two = yield* McpServer.make({ name: "two", authorizationServer })
    }),
    scope
  ))
})

afterEach(() => stop())

const present = async ({ url }: PendingSignIn) => {
  await Effect.runPromise(StandInBrowser.make().visit(url, { follow: true }))
}

/** Registers the client that is asked for, and gives its id. */
const askClientId = (question: ClientIdQuestion) => {
  questions.push(question)
  const clientId = `by-hand-${questions.length}`
  authorizationServer.addClient({
    client_id: clientId,
    redirect_uris: [question.redirectUri],
    token_endpoint_auth_method: "none"
  })
  return clientId
}

const options = (more: Partial<CreateMcpOAuthOptions>): CreateMcpOAuthOptions => ({
  serverUrl: one.url,
  name: "one",
  prompt: false,
  present,
  ...more
})

const newClient = () => new Client({ name: "test", version: "1.0.0" })

const failureOf = (promise: Promise<unknown>) =>
  promise.then(() => undefined, ({ _tag, reason }) => `${_tag} ${reason}`)

describe("askClientId", () => {
  it("is asked once for each store, at once or by a promise", async () => {
    const texts = new Map<string, string>()
    const store = {
      get: (name: string) => texts.get(name),
      set: (name: string, text: string) => texts.set(name, text),
      delete: (name: string) => texts.delete(name)
    }
    for (const ask of [askClientId, (question: ClientIdQuestion) => Promise.resolve(askClientId(question))]) {
      const oauth = await createMcpOAuth(options({ askClientId: ask, store }))
      await oauth.login()
      await oauth.close()
    }
    const [question] = questions
    assert.strictEqual(questions.length, 1)
    assert.include(question, { serverName: "one", issuer: authorizationServer.issuer })
    assert.notProperty(question, "paste")
    assert.match(question?.redirectUri ?? "", /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
  })

  it("is asked by connect, and by connectAll for each server", async () => {
    const { oauth } = await connect(newClient(), options({ askClientId }))
    await oauth.close()
    const connected = await connectAll(
      { one: { client: newClient(), serverUrl: one.url }, two: { client: newClient(), serverUrl: two.url } },
      { askClientId, present, prompt: false }
    )
    assert.deepStrictEqual(questions.map(({ serverName }) => serverName).sort(), ["one", "one", "two"])
    for (const each of Object.values(connected)) {
      assert(each.status === "fulfilled")
      await each.value.oauth.close()
    }
  })

  const none: Readonly<Record<string, NonNullable<CreateMcpOAuthOptions["askClientId"]>>> = {
    "gives nothing": () => undefined,
    "gives an empty text": () => Promise.resolve(""),
    "throws": () => {
      throw new Error("cancelled")
    },
    "rejects": () => Promise.reject(new Error("cancelled"))
  }
  for (const [what, ask] of Object.entries(none)) {
    it(`that ${what} is not asked again by a request`, async () => {
      let asked = 0
      const oauth = await createMcpOAuth(options({
        askClientId: (question) => {
          asked++
          return ask(question)
        }
      }))
      assert.strictEqual(await failureOf(oauth.fetch(one.url)), "RegistrationError NotSupported")
      assert.strictEqual(await failureOf(oauth.fetch(one.url)), "InteractionRequired Declined")
      assert.strictEqual(asked, 1)
      await oauth.close()
    })
  }

  it("has its signal aborted when its time is over", async () => {
    let signal: AbortSignal | undefined
    const oauth = await createMcpOAuth(options({
      callback: { timeout: 50 },
      askClientId: (question) => {
        signal = question.signal
        return new Promise(() => {})
      }
    }))
    assert.strictEqual(await failureOf(oauth.login()), "RegistrationError NotSupported")
    assert.isTrue(signal?.aborted)
    await oauth.close()
  })

  it("must be a function", async () => {
    const wrong = options({ askClientId: "by-hand" as never })
    assert.strictEqual((await failureOf(createMcpOAuth(wrong)))?.split(" ")[0], "InvalidOptions")
  })

  it("is the terminal's where the host has neither a screen nor a prompt of its own", () => {
    const asks = (given: Parameters<typeof presenterFor>[0]) => presenterFor(given).askClientId !== undefined
    assert.isTrue(asks({}))
    assert.isTrue(asks({ askClientId, present, prompt: false }))
    for (const given of [{ present }, { present: false as const }, { prompt: false as const }]) {
      assert.isFalse(asks(given))
    }
  })
})
