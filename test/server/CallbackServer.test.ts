import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, FastCheck, Fiber, Redacted, Scope, TestClock } from "effect"
import { setImmediate } from "node:timers"
import { text } from "../../src/core/oauth/Answer.ts"
import { BindError, type BindErrorReason } from "../../src/core/oauth/BindError.ts"
import type { LoopbackHost } from "../../src/core/oauth/RedirectUri.ts"
import { CallbackServer } from "../../src/server/CallbackServer.ts"
import type {
  Bound,
  CallbackRoute,
  Listen,
  LoopbackAddress,
  RequestHandler
} from "../../src/services/CallbackServer.ts"

/** A machine, as far as listening goes. */
interface Machine {
  /** Why a port of an address cannot be had, by `address:port`. */
  readonly taken?: Readonly<Record<string, BindErrorReason>>
  /** The ports that port 0 draws, in order; then 50000 and up. */
  readonly draws?: ReadonlyArray<number>
  /** Addresses this machine does not have. */
  readonly missing?: ReadonlyArray<LoopbackAddress>
  /** Addresses on which listening never comes to an end. */
  readonly stuck?: ReadonlyArray<LoopbackAddress>
  /** What it takes to let go of a port, before it is free. */
  readonly drain?: Effect.Effect<void>
}

/** What a listen of the machine did, in words, and what is open now with the route it serves. */
const make = ({ drain = Effect.void, draws = [], missing = [], stuck = [], taken = {} }: Machine) => {
  const log: Array<string> = []
  const open = new Map<string, RequestHandler>()
  const drawn = [...draws]
  let next = 50_000
  const listen: Listen = (address, port, serve) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        if (stuck.includes(address)) return Effect.interruptible(Effect.never)
        const actual = port === 0 ? drawn.shift() ?? next++ : port
        const name = `${address}:${actual}`
        const reason = missing.includes(address) ? "AddressNotAvailable" : open.has(name) ? "PortInUse" : taken[name]
        if (reason !== undefined) {
          log.push(`${reason} ${name}`)
          return Effect.fail(new BindError({ reason, host: address, ports: [actual], cause: `cause of ${name}` }))
        }
        log.push(`open ${name}`)
        const bound: Bound = { port: actual }
        open.set(name, serve(bound))
        return Effect.succeed({ bound, name })
      }),
      ({ name }) =>
        Effect.zipRight(
          drain,
          Effect.sync(() => {
            log.push(`close ${name}`)
            open.delete(name)
          })
        )
    ).pipe(Effect.map(({ bound }) => bound))
  return { server: CallbackServer.make(listen), log, open }
}

/** Makes routes that can be told apart, and remembers what it was asked for. */
const routes = () => {
  const served: Array<Bound> = []
  const serve = (bound: Bound): CallbackRoute => {
    served.push(bound)
    return {
      state: Redacted.make("s"),
      done: "d",
      paths: new Set(["/callback"]),
      takesForms: false,
      overhear: () => {},
      handle: () => ({ _tag: "Answer", answer: text(200, "") }),
      refuse: () => text(400, "")
    }
  }
  return { serve, served }
}

const bind = (
  machine: Machine,
  host: LoopbackHost,
  ports: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    const { log, open, server } = make(machine)
    const { serve, served } = routes()
    const scope = yield* Scope.make()
    const result = yield* Effect.either(Scope.extend(server.bind({ host, ports }, serve), scope))
    return { result, log, open, served, close: Scope.close(scope, Exit.void) }
  })

/** Lets every other fiber go on, so many times. */
const turns = (count: number): Effect.Effect<void> =>
  Effect.promise(async () => {
    for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  })

const v4 = (port: number) => `127.0.0.1:${port}`
const v6 = (port: number) => `::1:${port}`

describe("one address", () => {
  it.effect("listens on the address that the host names, and lets go when the scope closes", () =>
    Effect.gen(function* () {
      for (const [host, name] of [["127.0.0.1", v4(8976)], ["[::1]", v6(8976)]] as const) {
        const { close, log, open, result, served } = yield* bind({}, host, [8976])
        assert.deepStrictEqual(result, Either.right({ port: 8976 }))
        assert.deepStrictEqual([...open.keys()], [name])
        assert.deepStrictEqual(served, [{ port: 8976 }])
        yield* close
        assert.deepStrictEqual(log, [`open ${name}`, `close ${name}`])
        assert.strictEqual(open.size, 0)
      }
    }))

  it.effect("tells the port that was drawn for 0", () =>
    Effect.gen(function* () {
      const { result, served } = yield* bind({ draws: [49_152] }, "127.0.0.1", [0])
      assert.deepStrictEqual(result, Either.right({ port: 49_152 }))
      assert.deepStrictEqual(served, [{ port: 49_152 }])
    }))

  it.effect("is not helped by the other family", () =>
    Effect.gen(function* () {
      const { open, result } = yield* bind({ missing: ["::1"] }, "[::1]", [8976, 0])
      assert.isTrue(Either.isLeft(result))
      assert.strictEqual(open.size, 0)
    }))
})

describe("a list of ports", () => {
  it.effect("is tried in order, and the first that can be had is taken", () =>
    Effect.gen(function* () {
      const machine: Machine = { taken: { [v4(8976)]: "PortInUse" } }
      const { log, result } = yield* bind(machine, "127.0.0.1", [8976, 8977, 8978])
      assert.deepStrictEqual(result, Either.right({ port: 8977 }))
      assert.deepStrictEqual(log, [`PortInUse ${v4(8976)}`, `open ${v4(8977)}`])
    }))

  it.effect("goes on after a port that the system keeps back, as Windows does", () =>
    Effect.gen(function* () {
      const machine: Machine = { taken: { [v4(80)]: "PermissionDenied", [v4(8977)]: "PortInUse" } }
      const { result } = yield* bind(machine, "127.0.0.1", [80, 8977, 0])
      assert.deepStrictEqual(result, Either.right({ port: 50_000 }))
    }))

  it.effect.each(["AddressNotAvailable", "TooManyOpenFiles", "Unknown"] as const)(
    "ends at a fault that another port does not mend: %s",
    (reason) =>
      Effect.gen(function* () {
        const { log, result } = yield* bind({ taken: { [v4(8976)]: reason } }, "127.0.0.1", [8976, 8977])
        assert.deepStrictEqual(Either.flip(result).pipe(Either.map((error) => error.reason)), Either.right(reason))
        assert.deepStrictEqual(log, [`${reason} ${v4(8976)}`])
      })
  )

  it.effect("says which ports were tried, and why the last one could not be had", () =>
    Effect.gen(function* () {
      const machine: Machine = { taken: { [v4(8976)]: "PortInUse", [v4(80)]: "PermissionDenied" } }
      const { result } = yield* bind(machine, "127.0.0.1", [8976, 80])
      const error = Either.isLeft(result) ? result.left : assert.fail("a taken port was given")
      assert.instanceOf(error, BindError)
      assert.strictEqual(error.reason, "PermissionDenied")
      assert.strictEqual(error.host, "127.0.0.1")
      assert.deepStrictEqual(error.ports, [8976, 80])
      assert.strictEqual(error.cause, `cause of ${v4(80)}`)
    }))
})

describe("a free port", () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]"] as const) {
    it.effect(`is drawn again where no browser opens it, and the first one is let go: ${host}`, () =>
      Effect.gen(function* () {
        const { close, open, result, served } = yield* bind({ draws: [6667, 10080, 8976] }, host, [0])
        assert.strictEqual(Either.getOrThrow(result).port, 8976)
        assert.strictEqual(served.at(-1)?.port, 8976)
        assert.isTrue([...open.keys()].every((name) => name.endsWith(":8976")))
        yield* close
        assert.strictEqual(open.size, 0)
      }))
  }

  it.effect("is not drawn for ever where the system gives no other", () =>
    Effect.gen(function* () {
      const { open, result } = yield* bind({ draws: Array.from({ length: 100 }, () => 6667) }, "127.0.0.1", [0])
      const error = Either.isLeft(result) ? result.left : assert.fail("a port was given that no browser opens")
      assert.strictEqual(error.reason, "PortInUse")
      assert.match(String(error.cause), /no browser opens/)
      assert.strictEqual(open.size, 0)
    }))
})

describe("localhost", () => {
  it.effect("listens on both families, on one port, with one route", () =>
    Effect.gen(function* () {
      const { close, open, result, served } = yield* bind({ draws: [49_152] }, "localhost", [0])
      assert.deepStrictEqual(result, Either.right({ port: 49_152 }))
      assert.deepStrictEqual([...open.keys()].sort(), [v4(49_152), v6(49_152)])
      assert.deepStrictEqual(served, [{ port: 49_152 }])
      yield* close
      assert.strictEqual(open.size, 0)
    }))

  it.effect("is one family where the machine has no IPv6", () =>
    Effect.gen(function* () {
      for (const ports of [[0], [8976]]) {
        const { close, open, result } = yield* bind({ missing: ["::1"], draws: [49_152] }, "localhost", ports)
        const port = ports[0] === 0 ? 49_152 : 8976
        assert.deepStrictEqual(result, Either.right({ port }))
        assert.deepStrictEqual([...open.keys()], [v4(port)])
        yield* close
        assert.strictEqual(open.size, 0)
      }
    }))

  it.effect("draws another port when a stranger holds it on the other family", () =>
    Effect.gen(function* () {
      const { log, open, result, served } = yield* bind(
        { draws: [49_152, 49_153], taken: { [v6(49_152)]: "PortInUse" } },
        "localhost",
        [0]
      )
      assert.deepStrictEqual(result, Either.right({ port: 49_153 }))
      assert.deepStrictEqual([...open.keys()].sort(), [v4(49_153), v6(49_153)])
      assert.deepStrictEqual(log, [
        `open ${v4(49_152)}`,
        `PortInUse ${v6(49_152)}`,
        `close ${v4(49_152)}`,
        `open ${v4(49_153)}`,
        `open ${v6(49_153)}`
      ])
      assert.deepStrictEqual(served.at(-1), { port: 49_153 })
    }))

  // Windows keeps ranges back for each family by itself: a port that was free on one may be forbidden on the other.
  it.effect("draws another port when the system keeps it back on the other family", () =>
    Effect.gen(function* () {
      const machine: Machine = { draws: [49_152, 49_153], taken: { [v6(49_152)]: "PermissionDenied" } }
      const { open, result } = yield* bind(machine, "localhost", [0])
      assert.deepStrictEqual(result, Either.right({ port: 49_153 }))
      assert.deepStrictEqual([...open.keys()].sort(), [v4(49_153), v6(49_153)])
    }))

  it.effect("gives up after twenty more draws, and holds none of them", () =>
    Effect.gen(function* () {
      const ports = Array.from({ length: 40 }, (_, n) => 50_000 + n)
      const taken = Object.fromEntries(ports.map((port) => [v6(port), "PortInUse" as const]))
      const { log, open, result } = yield* bind({ taken }, "localhost", [0])
      assert.isTrue(Either.isLeft(result) && result.left.reason === "PortInUse")
      assert.strictEqual(log.filter((line) => line.startsWith("open")).length, 21)
      assert.strictEqual(open.size, 0)
    }))

  it.effect("goes to the next port of the list when one family is taken, whichever it is", () =>
    Effect.gen(function* () {
      for (const reason of ["PortInUse", "PermissionDenied"] as const) {
        const machine: Machine = { taken: { [v4(8976)]: reason, [v6(8977)]: reason } }
        const { log, open, result } = yield* bind(machine, "localhost", [8976, 8977, 8978])
        assert.deepStrictEqual(result, Either.right({ port: 8978 }))
        assert.deepStrictEqual([...open.keys()].sort(), [v4(8978), v6(8978)])
        assert.deepStrictEqual(log.slice(0, 4), [
          `${reason} ${v4(8976)}`,
          `open ${v4(8977)}`,
          `${reason} ${v6(8977)}`,
          `close ${v4(8977)}`
        ])
      }
    }))

  it.effect("names the host as it was asked for in its error", () =>
    Effect.gen(function* () {
      const { result } = yield* bind({ taken: { [v6(8976)]: "PortInUse" } }, "localhost", [8976])
      const error = Either.isLeft(result) ? result.left : assert.fail("a taken port was given")
      assert.include(error.message, "Cannot listen on localhost:8976:")
      assert.deepStrictEqual(error.ports, [8976])
    }))

  // Each drains for a while; one after the other would take longer than a release may.
  it.effect("lets go of both families at the same time", () =>
    Effect.gen(function* () {
      let draining = 0
      let most = 0
      const drain = Effect.suspend(() => {
        most = Math.max(most, ++draining)
        return turns(5)
      }).pipe(Effect.zipRight(Effect.sync(() => void draining--)))
      const { close, log, open } = yield* bind({ drain }, "localhost", [8976])
      assert.strictEqual(open.size, 2)
      yield* close
      assert.strictEqual(most, 2)
      assert.strictEqual(open.size, 0)
      assert.deepStrictEqual(log.slice(2).sort(), [`close ${v4(8976)}`, `close ${v6(8976)}`].sort())
    }))

  it.effect("holds its ports until the drain is over", () =>
    Effect.gen(function* () {
      const { close, open } = yield* bind({ drain: Effect.sleep("400 millis") }, "localhost", [8976])
      const closing = yield* Effect.fork(close)
      yield* TestClock.adjust("399 millis")
      assert.strictEqual(open.size, 2)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      assert.strictEqual(open.size, 0)
    }))

  it.effect("lets go of the other family, too, when one cannot be let go of", () =>
    Effect.gen(function* () {
      let drained = 0
      const drain = Effect.suspend(() => drained++ === 0 ? Effect.die("the drain is blocked") : Effect.void)
      const { close, open } = yield* bind({ drain }, "localhost", [8976])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(close)))
      assert.strictEqual(drained, 2)
      assert.strictEqual(open.size, 1)
    }))

  it.effect("lets go of the first family before it draws again", () =>
    Effect.gen(function* () {
      const machine: Machine = { draws: [49_152, 49_153], taken: { [v6(49_152)]: "PortInUse" }, drain: turns(5) }
      const { log, result } = yield* bind(machine, "localhost", [0])
      assert.deepStrictEqual(result, Either.right({ port: 49_153 }))
      assert.isBelow(log.indexOf(`close ${v4(49_152)}`), log.indexOf(`open ${v4(49_153)}`))
    }))

  it.effect("lets go of the first family when it is interrupted before it has the second", () =>
    Effect.gen(function* () {
      const { open, server } = make({ stuck: ["::1"] })
      const scope = yield* Scope.make()
      const binding = yield* Effect.fork(
        Scope.extend(server.bind({ host: "localhost", ports: [8976] }, routes().serve), scope)
      )
      yield* turns(1)
      assert.deepStrictEqual([...open.keys()], [v4(8976)])
      yield* Fiber.interrupt(binding)
      assert.strictEqual(open.size, 0, "also while the caller's scope is still open")
      yield* Scope.close(scope, Exit.void)
    }))
})

describe("for any machine and any list", () => {
  const port = FastCheck.constantFrom(0, 1, 2, 3, 4)
  const taken = FastCheck.dictionary(
    FastCheck.tuple(FastCheck.constantFrom("127.0.0.1", "::1"), FastCheck.integer({ min: 1, max: 4 })).map((parts) =>
      parts.join(":")
    ),
    FastCheck.constantFrom<BindErrorReason>("PortInUse", "PortInUse", "PermissionDenied", "TooManyOpenFiles"),
    { maxKeys: 6 }
  )
  /** Ports that may be drawn are free on IPv4; a stranger may hold them on IPv6. */
  const draws = FastCheck.uniqueArray(FastCheck.integer({ min: 201, max: 206 }), { maxLength: 5 })
  const strangers = FastCheck.subarray([201, 202, 203, 204, 205, 206])

  it.effect.prop("binds the first port that can be had whole, or says why not, and holds nothing else", [
    FastCheck.constantFrom<LoopbackHost>("127.0.0.1", "localhost", "[::1]"),
    FastCheck.array(port, { minLength: 1, maxLength: 4 }),
    taken,
    draws,
    strangers,
    FastCheck.boolean()
  ], ([host, ports, fixed, draws, strangers, hasIPv6]) =>
    Effect.gen(function* () {
      const machine: Machine = {
        taken: { ...fixed, ...Object.fromEntries(strangers.map((port) => [v6(port), "PortInUse" as const])) },
        draws,
        missing: hasIPv6 ? [] : ["::1"]
      }
      const reasonOf = (address: LoopbackAddress, port: number) =>
        address === "::1" && !hasIPv6 ? "AddressNotAvailable" : machine.taken?.[`${address}:${port}`]
      const drawn = [...draws]
      let next = 50_000
      const draw = () => drawn.shift() ?? next++

      /** What is open at the end, or why nothing is, for one port of the list. */
      const attempt = (port: number): ReadonlyArray<string> | BindErrorReason => {
        const actual = port === 0 ? draw() : port
        if (host === "127.0.0.1") return reasonOf("127.0.0.1", actual) ?? [v4(actual)]
        if (host === "[::1]") return reasonOf("::1", actual) ?? [v6(actual)]
        const first = reasonOf("127.0.0.1", actual)
        if (first !== undefined) return first
        const second = reasonOf("::1", actual)
        if (second === "AddressNotAvailable") return [v4(actual)]
        if (second === "PortInUse" && port === 0) return attempt(0)
        return second ?? [v4(actual), v6(actual)]
      }
      let expected: ReadonlyArray<string> | BindErrorReason = "Unknown"
      let tried = 0
      for (const port of ports) {
        tried++
        expected = attempt(port)
        if (expected !== "PortInUse" && expected !== "PermissionDenied") break
      }

      const { close, open, result, served } = yield* bind(machine, host, ports)
      if (typeof expected === "string") {
        const error = Either.isLeft(result) ? result.left : assert.fail("a port was given that cannot be had")
        assert.strictEqual(error.reason, expected)
        assert.deepStrictEqual(error.ports, ports.slice(0, tried))
        assert.strictEqual(open.size, 0)
      } else {
        assert.deepStrictEqual([...open.keys()].sort(), [...expected].sort())
        const bound = Either.getOrThrow(result)
        assert.isTrue(expected.every((name) => name.endsWith(`:${bound.port}`)))
        assert.deepStrictEqual(served.at(-1), bound)
      }
      yield* close
      assert.strictEqual(open.size, 0)
    }), { fastCheck: { numRuns: 300 } })
})
