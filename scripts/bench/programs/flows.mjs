// Whole flows in one process: bind, callback, page, release; one after the other and all at once. Every way takes its
// turn in each round, so that what else the machine does meets all of them. Prints milliseconds a flow.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { CallbackFlow } from "effect-oauth-callback"
import process from "node:process"
import { receive } from "../rawReceiver.mjs"
import { finishSignIn, lost, signInUrl } from "./client.mjs"
import { layer } from "./services.mjs"

const { atOnce, peers, rounds, sequential } = JSON.parse(process.argv[2])

/** Runs a promise `count` times, one after the other or at once. */
const repeat = (one) => async (count, isAtOnce) => {
  if (isAtOnce) await Promise.all(Array.from({ length: count }, one))
  else for (let done = 0; done < count; done++) await one()
}

const raw = (options) =>
  repeat(async () => {
    const { close, code, redirectUri, state } = await receive(options)
    const page = finishSignIn(redirectUri, state)
    await code
    await close()
    await page
  })

const ours = (paste) => (count, isAtOnce) => {
  const flow = Effect.suspend(() => {
    let page
    return Effect.zipRight(
      CallbackFlow.run({ paste }, (flow) => {
        const state = Redacted.value(flow.state)
        const present = () =>
          Effect.sync(() => {
            page = finishSignIn(flow.redirectUri, state)
          })
        return flow.authorize({ url: signInUrl(flow.redirectUri, state), present })
      }),
      Effect.promise(() => page)
    )
  })
  const flows = Effect.forEach(Array.from({ length: count }), () => flow, {
    concurrency: isAtOnce ? "unbounded" : 1,
    discard: true
  })
  return Effect.runPromise(Effect.provide(flows, layer))
}

const peerState = "lVUvcD6rlTRZ3m6rSt6U0-4u6Fq8vXWwEo0bfT5Hn6w"
// Below the range from which the system gives ports away: the peers are told theirs.
let lastPort = 10_000 + process.pid % 10_000
const nextPort = () => {
  lastPort = lastPort >= 32_000 ? 10_000 : lastPort + 1
  return lastPort
}

/** A port that somebody else has costs another try. */
const retried = async (one) => {
  for (let tries = 0;; tries++) {
    try {
      return await one(nextPort())
    } catch (error) {
      if (tries >= 20 || !/AddrInUse|EADDRINUSE|in use/.test(`${error?.name} ${error?.code} ${error?.message}`)) {
        throw error
      }
    }
  }
}

const oauthCallback = async () => {
  const { getAuthCode, getRedirectUrl } = await import("oauth-callback")
  return repeat(() =>
    retried(async (port) => {
      const hostname = "127.0.0.1"
      const redirectUri = getRedirectUrl({ hostname, port })
      let page
      await getAuthCode({
        authorizationUrl: signInUrl(redirectUri, peerState),
        hostname,
        port,
        launch: () => {
          page = finishSignIn(redirectUri, peerState)
        }
      })
      await page
    })
  )
}

const mastra = async () => {
  const { createOAuthCallbackServer } = await import("@mastra/mcp")
  return repeat(() =>
    retried(async (port) => {
      const server = await createOAuthCallbackServer({
        redirectUrl: `http://127.0.0.1:${port}/callback`,
        state: peerState
      })
      const page = finishSignIn(server.url, peerState)
      await server.waitForCode()
      await server.close()
      await page
    })
  )
}

const ways = { raw: raw(), ours: ours(false), oursWithPaste: ours(true) }
if (peers) {
  Object.assign(ways, {
    rawAtOnce: raw({ atOnce: true }),
    oauthCallback: await oauthCallback(),
    mastra: await mastra()
  })
}

const samples = { sequential: {}, atOnce: {}, lostPages: {} }
const names = Object.keys(ways)
for (const name of names) {
  await ways[name](300, false)
  await ways[name](1000, true)
}
lost.pages = 0

const take = async (kind, name, count) => {
  globalThis.gc?.()
  const start = performance.now()
  await ways[name](count, kind === "atOnce")
  const millis = (performance.now() - start) / count
  ;(samples[kind][name] ??= []).push(millis)
  samples.lostPages[name] = (samples.lostPages[name] ?? 0) + lost.pages
  lost.pages = 0
}
for (let round = 0; round < rounds; round++) {
  for (let index = 0; index < names.length; index++) {
    const name = names[(index + round) % names.length]
    await take("sequential", name, sequential)
    await take("atOnce", name, atOnce)
  }
}
process.stdout.write(`${JSON.stringify(samples)}\n`)
process.exit()
