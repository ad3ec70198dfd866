// Signs in once with the installed package. The argument is `promise`, or the entry of a runtime: `node`, `deno`, `bun`.
import assert from "node:assert/strict"
import { get } from "node:http"
import process from "node:process"

/** Follows the redirect as a browser does. Not `fetch`, whose header `Sec-Fetch-Mode` says that it is no navigation. */
const goTo = (url) =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      const { headers, statusCode } = response
      response.resume().on("end", () => resolve(statusCode === 303 ? goTo(new URL(headers.location, url)) : statusCode))
    }).on("error", reject)
  })

const visit = (redirectUri, state, code) => goTo(`${redirectUri}?${new URLSearchParams({ code, state })}`)

const signInPage = (redirectUri, state) =>
  `https://as.example/authorize?${new URLSearchParams({ redirect_uri: redirectUri, state })}`

const withEffect = async (runtime) => {
  const Effect = await import("effect/Effect")
  const Redacted = await import("effect/Redacted")
  const { CallbackFlow } = await import("effect-oauth-callback")
  const { layer } = await import(`effect-oauth-callback/${runtime}`)
  let page
  const program = CallbackFlow.run({ paste: false }, (flow) => {
    const state = Redacted.value(flow.state)
    const present = () => Effect.sync(() => (page = visit(flow.redirectUri, state, "first")))
    return flow.authorize({ url: signInPage(flow.redirectUri, state), present, timeout: "10 seconds" })
  })
  const granted = await Effect.runPromise(Effect.provide(program, layer))
  assert.equal(Redacted.value(granted.code), "first")
  assert.equal(await page, 200)
}

const withPromises = async () => {
  const { openCallback } = await import("effect-oauth-callback/promise")
  const callback = await openCallback({ paste: false })
  let page
  const present = () => {
    page = visit(callback.redirectUri, callback.state, "second")
  }
  const url = signInPage(callback.redirectUri, callback.state)
  const { code } = await callback.authorize({ url, present, timeout: 10_000 })
  assert.equal(code, "second")
  assert.equal(await page, 200)
  await callback.close()
}

const [, , way] = process.argv
await (way === "promise" ? withPromises() : withEffect(way))
