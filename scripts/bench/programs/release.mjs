// Release of a flow after success and the last page: prints milliseconds, with and without idle connections.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import { CallbackFlow } from "effect-oauth-callback"
import { connect } from "node:net"
import process from "node:process"
import { receive } from "../rawReceiver.mjs"
import { finishSignIn, signInUrl } from "./client.mjs"
import { runtimeWith } from "./waiting.mjs"

const rounds = Number(process.argv[2])
const run = Runtime.runPromise(await runtimeWith())

/** Connections without a request, as browsers open them in advance. */
const connectIdle = (redirectUri, count) =>
  Promise.all(Array.from({ length: count }, () =>
    new Promise((resolve, reject) => {
      const socket = connect(new URL(redirectUri).port, "127.0.0.1", resolve)
      socket.on("error", reject)
      socket.resume()
    })))

const time = async (close) => {
  const start = performance.now()
  await close()
  return performance.now() - start
}

const ways = {
  ours: async (idle) => {
    const scope = await run(Scope.make())
    const flow = await run(Scope.extend(CallbackFlow.open({ paste: false }), scope))
    const { redirectUri } = flow
    const state = Redacted.value(flow.state)
    await connectIdle(redirectUri, idle)
    let page
    const present = () =>
      Effect.sync(() => {
        page = finishSignIn(redirectUri, state)
      })
    await run(flow.authorize({ url: signInUrl(redirectUri, state), present }))
    await page
    return await time(() => run(Scope.close(scope, Exit.void)))
  },
  raw: async (idle) => {
    const { close, code, redirectUri, state } = await receive()
    await connectIdle(redirectUri, idle)
    const page = finishSignIn(redirectUri, state)
    await code
    await page
    return await time(close)
  }
}

const samples = { ours: [], raw: [], oursIdle: [], rawIdle: [] }
const round = async (keep) => {
  for (const way of ["ours", "raw"]) {
    for (const idle of [0, 100]) {
      const millis = await ways[way](idle)
      if (keep) samples[idle === 0 ? way : `${way}Idle`].push(millis)
    }
  }
}
for (let done = 0; done < 20; done++) await round(false)
for (let done = 0; done < rounds; done++) await round(true)
process.stdout.write(`${JSON.stringify(samples)}\n`)
process.exit()
