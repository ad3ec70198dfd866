// Whole flows in one process: bind, callback, page, release; one after the other and all at once. In each round every way
// takes its turn, so that other load of the machine affects all of them alike. Prints milliseconds per flow.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { CallbackFlow } from "effect-oauth-callback"
import { openCallback } from "effect-oauth-callback/promise"
import process from "node:process"
import { receive } from "../rawReceiver.mjs"
import { finishSignIn, lost, signInUrl } from "./client.mjs"
import { layer } from "./services.mjs"

const { atOnce, rounds, sequential } = JSON.parse(process.argv[2])

const receiveOne = async () => {
  const { close, code, redirectUri, state } = await receive()
  const page = finishSignIn(redirectUri, state)
  await code
  await close()
  await page
}

/** The same by `./promise`, which has an Effect of its own. */
const awaitOne = async () => {
  const callback = await openCallback({ paste: false })
  const { redirectUri, state } = callback
  let page
  await callback.authorize({
    url: signInUrl(redirectUri, state),
    present: () => {
      page = finishSignIn(redirectUri, state)
    }
  })
  await callback.close()
  await page
}

const each = (one) => async (count, isAtOnce) => {
  if (isAtOnce) await Promise.all(Array.from({ length: count }, one))
  else for (let done = 0; done < count; done++) await one()
}

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

const ways = { raw: each(receiveOne), ours: ours(false), oursWithPaste: ours(true), promise: each(awaitOne) }

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
