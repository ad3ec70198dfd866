// Starts flows that wait for their answer, each in its own fiber, with the runtime's services.
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import { CallbackFlow } from "effect-oauth-callback"
import { signInUrl } from "./client.mjs"
import { layer } from "./services.mjs"

/** An Effect runtime with the services; `others` replaces some of them. */
export const runtimeWith = (others = Layer.empty) =>
  Effect.runPromise(
    Effect.flatMap(Scope.make(), (scope) => Scope.extend(Layer.toRuntime(Layer.merge(layer, others)), scope))
  )

/**
 * Starts a flow, on any free port unless one is named; resolves when it waits. `onGranted` is called when `authorize` has
 * succeeded.
 */
export const startFlow = (runtime, paste, onGranted = () => {}, port = 0) =>
  new Promise((resolve, reject) => {
    const program = CallbackFlow.run({ paste, port }, (flow) => {
      const { redirectUri } = flow
      const state = Redacted.value(flow.state)
      const present = () => Effect.sync(() => resolve({ redirectUri, state, fiber }))
      return Effect.map(flow.authorize({ url: signInUrl(redirectUri, state), present }), onGranted)
    })
    const fiber = Runtime.runFork(runtime)(program)
    fiber.addObserver((exit) => {
      if (exit._tag === "Failure") reject(exit.cause)
    })
  })

/** Starts flows, 50 at a time; resolves when all wait. */
export const startFlows = async (start, count) => {
  const flows = []
  while (flows.length < count) {
    flows.push(...await Promise.all(Array.from({ length: Math.min(50, count - flows.length) }, start)))
  }
  return flows
}

/**
 * Starts and ends 1,000 flows, so that the engine has compiled the same code whether many or few flows are measured
 * afterwards.
 */
export const warmUp = async (start) => {
  const flows = await startFlows(start, 1000)
  await Effect.runPromise(Fiber.interruptAll(flows.map(({ fiber }) => fiber)))
}
