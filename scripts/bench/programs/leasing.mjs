// A turn among processes that nobody else wants: prints how many milliseconds it takes to get it and to give it back.
import * as Effect from "effect/Effect"
import { CredentialStore } from "effect-oauth-callback"
import { layerFile } from "effect-oauth-callback/node"
import process from "node:process"

const rounds = Number(process.argv[3])

const program = Effect.gen(function* () {
  const { exclusively } = yield* CredentialStore
  const turn = Effect.scoped(exclusively("bench"))
  yield* Effect.repeatN(turn, 20)
  const samples = []
  for (let count = 0; count < rounds; count++) {
    const start = performance.now()
    yield* turn
    samples.push(performance.now() - start)
  }
  return samples
})
const samples = await Effect.runPromise(
  Effect.provide(program, layerFile({ appName: "bench", directory: process.argv[2] }))
)
process.stdout.write(`${JSON.stringify(samples)}\n`)
process.exit()
