/**
 * A port of several processes. Two servers in this process stand for two processes: they know nothing of each other but
 * what goes over the socket between them. Real processes: test/scenarios.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Redacted, Scope, Stream } from "effect"
import { connect, createServer, type Server, type Socket } from "node:net"
import { lstatSync, rmSync } from "node:fs"
import { setImmediate } from "node:timers"
import { CallbackFlow, CallbackServer, type OpenOptions } from "../../../src/index.ts"
import { listen } from "../../../src/runtime/HttpListener.ts"
import { relayed } from "../../../src/runtime/relay/relayedListen.ts"
import * as RelayPlace from "../../../src/runtime/relay/RelayPlace.ts"
import { answerFor, portOf, urlFor } from "../../fixtures/Harness.ts"
import * as Leaks from "../../fixtures/Leaks.ts"
import { nobody } from "../../fixtures/nobody.ts"
import * as Ports from "../../fixtures/ports/Ports.ts"
import * as RawClient from "../../fixtures/RawClient.ts"

/** A process, as far as others see it; its flows end when it does. */
const process = Effect.gen(function* () {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const server = CallbackServer.make((address, port, serve) =>
    (port === 0 ? listen : relayed(listen))(address, port, serve)
  )
  const layer = Layer.merge(Layer.succeed(CallbackServer, server), nobody)
  const open = (options: OpenOptions) => Scope.extend(Effect.provide(CallbackFlow.open(options), layer), scope)
  return { open, end: Scope.close(scope, Exit.void) }
})

/** A port that is free now. */
const freePort = Effect.promise(Ports.free)

const place = (port: number) =>
  Effect.map(Effect.promise(() => RelayPlace.placeOf("127.0.0.1", port)), (found) => found ?? assert.fail("no place"))

const ask = (port: number, target: string, options?: Parameters<typeof RawClient.get>[2]) =>
  Effect.promise(() => RawClient.get(port, target, options))

/** As a person: goes on until somebody answers, and reloads where the page says so. */
const browse = (
  flow: CallbackFlow,
  target: string,
  options?: Parameters<typeof RawClient.get>[2]
): Effect.Effect<string> =>
  Effect.flatMap(
    Effect.promise(() => RawClient.get(portOf(flow), target, options).catch(() => "")),
    (page) =>
      RawClient.statusOf(page) === 0 || RawClient.statusOf(page) === 503
        ? Effect.zipRight(
          Effect.promise(() => new Promise<void>((go) => setImmediate(go))),
          browse(flow, target, options)
        )
        : Effect.succeed(page)
  )

const answer = (flow: CallbackFlow, code = "c") => {
  const { pathname, search } = answerFor(flow, { code })
  return `${pathname}${search}`
}

const authorize = (flow: CallbackFlow) => Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))

const exists = (path: string): boolean => {
  try {
    return lstatSync(path).isSocket()
  } catch {
    return false
  }
}

/** A program of this user that has the port, and says at the place of the port whatever it likes. */
const impostor = (accept: (connection: Socket) => void) =>
  Effect.gen(function* () {
    const port = portOf(yield* (yield* process).open({}))
    const { socket } = yield* place(port)
    // What a program that was killed has left there.
    rmSync(socket, { force: true })
    yield* Effect.acquireRelease(
      Effect.promise(() =>
        new Promise<Server>((resolve) => {
          const server = createServer((connection) => {
            connection.on("error", () => {})
            connection.resume()
            accept(connection)
          }).listen(socket, () => resolve(server))
        })
      ),
      (server) => Effect.sync(() => server.close())
    )
    return port
  })

/** A program of this user that visits the one that has the port, and says whatever it likes. */
const intruder = (port: number) =>
  Effect.gen(function* () {
    const { socket } = yield* place(port)
    const connection = yield* Effect.acquireRelease(
      Effect.sync(() => connect({ path: socket })),
      (connection) => Effect.sync(() => connection.destroy())
    )
    connection.on("error", () => {})
    connection.setEncoding("utf8")
    const say = (message: unknown) => void connection.write(`${JSON.stringify(message)}\n`)
    const ended = new Promise<void>((resolve) => connection.on("close", () => resolve()))
    /** Hears the next message of this kind. */
    const hear = (tag: string) =>
      Effect.promise(() =>
        new Promise<{ readonly id: number }>((resolve) => {
          let text = ""
          connection.on("data", (chunk) => {
            text += String(chunk)
            const line = text.split("\n").slice(0, -1).find((line) => line.includes(`"_tag":"${tag}"`))
            if (line !== undefined) resolve(JSON.parse(line))
          })
        })
      )
    say({ _tag: "Hello", version: 1, port })
    yield* hear("Welcome")
    return { say, hear, connection, ended }
  })

describe("a port of several processes", () => {
  it.scopedLive("serves the flows of each by the one that has it", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const processes = [yield* process, yield* process, yield* process]
      const flows = yield* Effect.forEach([...processes, ...processes], ({ open }) => open({ port }))
      const waiting = yield* Effect.forEach(flows, authorize)
      for (const [index, flow] of [...flows.entries()].reverse()) {
        assert.strictEqual(portOf(flow), port)
        assert.strictEqual(RawClient.statusOf(yield* ask(port, answer(flow, `code ${index}`))), 200)
      }
      const granted = yield* Effect.forEach(waiting, Fiber.join)
      assert.deepStrictEqual(granted.map(({ code }) => Redacted.value(code)), flows.map((_, index) => `code ${index}`))
    }))

  it.scopedLive("goes to another when the one that has it ends, and nobody is lost", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const processes = yield* Effect.forEach([0, 1, 2, 3], () => process)
      const flows = yield* Effect.forEach(processes, ({ open }) => open({ port }))
      const waiting = yield* Effect.forEach(flows, authorize)
      const answered = (index: number) =>
        Effect.gen(function* () {
          const flow = flows[index]!
          assert.strictEqual(RawClient.statusOf(yield* browse(flow, answer(flow, `code ${index}`))), 200)
          assert.strictEqual(Redacted.value((yield* Fiber.join(waiting[index]!)).code), `code ${index}`)
        })
      yield* processes[0]!.end
      // Relayed by the first, and then by another.
      yield* answered(3)
      for (const index of [1, 2]) {
        yield* answered(index)
        yield* processes[index]!.end
      }
      yield* processes[3]!.end
      assert.isTrue(yield* Effect.promise(() => Leaks.canBind(port)))
      assert.isFalse(exists((yield* place(port)).socket), "the last one takes the socket away")
    }))

  it.scopedLive("holds a page until the outcome is known, and shows what it was", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      yield* Effect.flatMap(process, ({ open }) => open({ port }))
      const flow = yield* Effect.flatMap(process, ({ open }) => open({ port }))
      const exchanging = yield* Deferred.make<void>()
      const outcome = yield* Deferred.make<void, string>()
      yield* Effect.fork(Effect.exit(flow.authorize({
        url: urlFor(flow),
        present: false,
        serverName: "the server",
        exchange: () => Effect.zipRight(Deferred.succeed(exchanging, undefined), Deferred.await(outcome)),
        describe: (error) => error
      })))
      const page = yield* Effect.fork(ask(port, answer(flow)))
      yield* Deferred.await(exchanging)
      // Whoever goes away meanwhile changes nothing.
      const gone = RawClient.send(port, RawClient.requestText(port, answer(flow)))
      gone.reset()
      yield* Deferred.fail(outcome, "it said no")
      const shown = yield* Fiber.join(page)
      assert.strictEqual(RawClient.statusOf(shown), 500)
      assert.include(shown, "it said no")
    }))

  it.scopedLive("shows the last page once more, after its flow and its process have ended", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      yield* Effect.flatMap(process, ({ open }) => open({ port }))
      const { end, open } = yield* process
      const flow = yield* open({ port })
      const waiting = yield* Effect.fork(flow.authorize({
        url: urlFor(flow),
        present: false,
        serverName: "the server",
        exchange: () => Effect.void
      }))
      const sentOn = yield* ask(port, answer(flow), { follow: false })
      assert.include(yield* ask(port, RawClient.locationOf(sentOn) ?? ""), "Signed in to the server")
      yield* Fiber.join(waiting)
      yield* end
      // A reload, and a second click on what led here.
      assert.include(yield* ask(port, RawClient.locationOf(sentOn) ?? ""), "Signed in to the server")
      assert.include(yield* ask(port, answer(flow)), "Signed in to the server")
      assert.strictEqual(RawClient.statusOf(yield* ask(port, "/callback?state=x&code=y")), 400)
    }))

  it.scopedLive("gives a browser a page that stands, where the process that listens ends before the outcome is known", () =>
    Effect.gen(function* () {
      const holder = yield* process
      const port = portOf(yield* holder.open({ port: yield* freePort }))
      const { end, open } = yield* process
      const flow = yield* open({ port })
      const outcome = yield* Deferred.make<void>()
      const waiting = yield* Effect.fork(
        flow.authorize({ url: urlFor(flow), present: false, exchange: () => Deferred.await(outcome) })
      )
      const page = yield* Effect.fork(ask(port, answer(flow)))
      const sentOn = yield* ask(port, answer(flow), { follow: false })
      assert.strictEqual(RawClient.statusOf(sentOn), 303)
      yield* holder.end
      const shown = yield* Fiber.join(page)
      // To come back would lead to nobody, if the other process has ended by then.
      assert.match(shown, /^HTTP\/1\.1 200 [^]*Answer received/)
      assert.notMatch(shown, /\r\nrefresh:/i)
      yield* Deferred.succeed(outcome, undefined)
      yield* Fiber.join(waiting)
      yield* end
    }))

  it.scopedLive(
    "keeps the answer of a process that was too late with it, for the browser that comes back",
    () =>
      Effect.gen(function* () {
        const { open } = yield* process
        const port = portOf(yield* open({ port: yield* freePort }))
        const { hear, say } = yield* intruder(port)
        const digests = { state: RelayPlace.digest("theirs"), done: RelayPlace.digest("page") }
        say({ _tag: "Add", takesForms: false, ...digests })
        yield* hear("Added")
        const asked = yield* Effect.fork(ask(port, "/callback?state=theirs"))
        const { id } = yield* hear("Request")
        assert.strictEqual(RawClient.statusOf(yield* Fiber.join(asked)), 503)
        say({ _tag: "Answer", id, answer: { status: 303, headers: { location: "/done/page" }, body: "" } })
        say({ _tag: "Remove", ...digests })
        const isThere = (page: string) => RawClient.statusOf(page) === 200
        const shown = yield* Effect.repeat(ask(port, "/callback?state=theirs"), { until: isThere })
        assert.include(shown, "Answer received")
      }),
    10_000
  )

  it.scopedLive("relays posted forms, and whatever else names a flow", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      yield* Effect.flatMap(process, ({ open }) => open({ port }))
      const { open } = yield* process
      const flow = yield* open({ port, responseMode: "form_post", path: "/other" })
      const waiting = yield* authorize(flow)
      const body = answerFor(flow, { code: "posted" }).search.slice(1)
      const headers = { "content-type": "application/x-www-form-urlencoded" }
      // What is not as its flow wants it is refused there, and counts there.
      assert.strictEqual(
        RawClient.statusOf(yield* ask(port, answer(flow), { headers: { "sec-fetch-mode": "cors" } })),
        403
      )
      const refused = yield* flow.refusals.pipe(Stream.take(1), Stream.runCollect)
      assert.deepStrictEqual(Array.from(refused, ({ reason }) => reason), ["NotANavigation"])
      const page = yield* ask(port, "/other", { method: "POST", headers, body })
      assert.strictEqual(RawClient.statusOf(page), 200)
      assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "posted")
    }))

  it.scopedLive("refuses what names no flow, once for the process that listens", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const own = yield* Effect.flatMap(process, ({ open }) => open({ port }))
      const other = yield* Effect.flatMap(process, ({ open }) => open({ port }))
      assert.strictEqual(RawClient.statusOf(yield* ask(port, "/callback?state=x&code=y")), 400)
      assert.strictEqual(RawClient.statusOf(yield* ask(port, "/elsewhere")), 404)
      const refused = yield* own.refusals.pipe(Stream.take(2), Stream.runCollect)
      assert.deepStrictEqual(Array.from(refused, ({ reason }) => reason), ["StateMismatch", "WrongPath"])
      const waiting = yield* authorize(other)
      assert.strictEqual(RawClient.statusOf(yield* ask(port, answer(other))), 200)
      yield* Fiber.join(waiting)
    }))

  it.scopedLive("has browsers reload that come before a flow is back", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const { socket } = yield* place(port)
      rmSync(socket, { force: true })
      // What is left where a process was killed.
      yield* Effect.acquireRelease(
        Effect.promise(() =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const server = createServer().listen(socket, () => resolve(server))
          })
        ),
        (server) => Effect.sync(() => server.close())
      )
      const flow = yield* Effect.flatMap(process, ({ open }) => open({ port }))
      const page = yield* ask(port, "/callback?state=x&code=y")
      assert.strictEqual(RawClient.statusOf(page), 503)
      assert.match(page, /\r\nrefresh: 1\r\n/i)
      assert.strictEqual(RawClient.statusOf(yield* ask(port, "/elsewhere")), 404)
      const waiting = yield* authorize(flow)
      assert.strictEqual(RawClient.statusOf(yield* ask(port, answer(flow))), 200)
      yield* Fiber.join(waiting)
    }))

  it.scopedLive("is not shared with a stranger, who is told nothing", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const stranger = yield* Effect.acquireRelease(
        Effect.promise(() =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const server = createServer((socket) => socket.on("data", (text) => heard.push(String(text))))
            server.listen(0, "127.0.0.1", () => resolve(server))
          })
        ),
        (server) => Effect.sync(() => server.close())
      )
      const { port } = stranger.address() as { readonly port: number }
      const { open } = yield* process
      const error = yield* Effect.flip(open({ port }))
      assert.strictEqual(error.reason, "PortInUse")
      assert.include(error.message, "another program uses the port")
      assert.isFalse((yield* open({ port, onPortBusy: "paste" })).listening)
      assert.deepStrictEqual(heard, [])
    }))

  for (
    const [name, says, words] of [
      [
        "speaks another version",
        '{"_tag":"Welcome","version":2,"isServed":true}\n',
        "version of effect-oauth-callback"
      ],
      ["does not answer", undefined, "does not answer"]
    ] as const
  ) {
    it.scopedLive(`is not shared with a process that ${name}, and the error says so`, () =>
      Effect.gen(function* () {
        const port = yield* impostor((connection) => void (says !== undefined && connection.write(says)))
        const error = yield* Effect.flatMap(process, ({ open }) => Effect.flip(open({ port })))
        assert.strictEqual(error.reason, "PortInUse")
        assert.include(error.message, words)
      }))
  }

  it.scopedLive(
    "opens a flow although the process that has the port does not say that it knows it",
    () =>
      Effect.gen(function* () {
        const port = yield* impostor((connection) =>
          void connection.write('{"_tag":"Welcome","version":1,"isServed":true}\n')
        )
        const { open } = yield* process
        assert.strictEqual(portOf(yield* Effect.timeout(open({ port }), "4 seconds")), port)
      }),
    10_000
  )

  it.scopedLive("is looked at once for all flows that find a stranger there", () =>
    Effect.gen(function* () {
      const stranger = yield* Effect.acquireRelease(
        Effect.promise(() =>
          new Promise<Server>((resolve) => {
            const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1", () => resolve(server))
          })
        ),
        (server) => Effect.sync(() => server.close())
      )
      const { port } = stranger.address() as { readonly port: number }
      const { open } = yield* process
      for (const host of ["127.0.0.1", "localhost"] as const) {
        const opening = Effect.forEach(Array.from({ length: 40 }), () => Effect.flip(open({ port, host })), {
          concurrency: "unbounded"
        })
        // One after the other, they would look for twelve seconds.
        const errors = yield* Effect.timeout(opening, "4 seconds")
        for (const { reason } of errors) assert.strictEqual(reason, "PortInUse")
      }
    }), 15_000)

  it.scopedLive(
    "is waited for once by all flows where the process that has the port does not answer",
    () =>
      Effect.gen(function* () {
        const port = yield* impostor(() => {})
        const { open } = yield* process
        const opening = Effect.forEach(
          Array.from({ length: 10 }),
          () => Effect.flip(open({ port, host: "localhost" })),
          {
            concurrency: "unbounded"
          }
        )
        const errors = yield* Effect.timeout(opening, "4 seconds")
        for (const { message } of errors) {
          assert.include(message, "does not answer")
        }
      }),
    15_000
  )

  it.scopedLive("survives an answer that cannot be sent", () =>
    Effect.gen(function* () {
      const { open } = yield* process
      const port = portOf(yield* open({ port: yield* freePort }))
      const { hear, say } = yield* intruder(port)
      say({ _tag: "Add", takesForms: false, state: RelayPlace.digest("theirs"), done: RelayPlace.digest("page") })
      yield* hear("Added")
      const asked = yield* Effect.fork(ask(port, "/callback?state=theirs"))
      const { id } = yield* hear("Request")
      const headers = { "x-split": "a\r\nx-other: b" }
      say({ _tag: "Answer", id, answer: { status: 200, headers, body: "not shown" } })
      assert.strictEqual(RawClient.statusOf(yield* Fiber.join(asked)), 503)
    }), 10_000)

  it.scopedLive("is let go of in time although another process does not read", () =>
    Effect.gen(function* () {
      const holder = yield* process
      const port = portOf(yield* holder.open({ port: yield* freePort }))
      const { connection, ended, hear, say } = yield* intruder(port)
      const flow = { takesForms: false, state: RelayPlace.digest("deaf"), done: RelayPlace.digest("page") }
      say({ _tag: "Add", ...flow })
      yield* hear("Added")
      connection.pause()
      // More answers than the buffers of the connection hold.
      for (let index = 0; index < 20_000; index++) say({ _tag: "Add", ...flow })
      yield* Effect.promise(() => new Promise<void>((go) => void connection.write("\n", () => go())))
      for (let index = 0; index < 5; index++) yield* ask(port, "/elsewhere")
      const [time] = yield* Effect.timed(holder.end)
      assert.isBelow(Duration.toMillis(time), 900)
      connection.resume()
      yield* Effect.promise(() => ended)
      assert.isTrue(yield* Effect.promise(() => Leaks.canBind(port)))
    }), 10_000)

  it.scopedLive("leaves nothing, however often it changes hands", () =>
    Effect.gen(function* () {
      const before = Leaks.held()
      const port = yield* freePort
      for (let round = 0; round < 10; round++) {
        yield* Effect.scoped(Effect.gen(function* () {
          const [one, two] = [yield* process, yield* process]
          const flows = [yield* one.open({ port }), yield* two.open({ port }), yield* two.open({ port })]
          yield* round % 2 === 0 ? one.end : two.end
          const left = round % 2 === 0 ? flows[2]! : flows[0]!
          const waiting = yield* authorize(left)
          yield* browse(left, answer(left))
          yield* Fiber.join(waiting)
        }))
      }
      assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
    }))
})
