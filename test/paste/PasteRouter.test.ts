import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import * as AuthorizationResponse from "../../src/core/oauth/AuthorizationResponse.ts"
import type { PasteRefusalReason } from "../../src/core/oauth/Refusal.ts"
import * as PasteRouter from "../../src/paste/PasteRouter.ts"
import type { WaitingFlow } from "../../src/paste/PasteRouter.ts"

/** A flow that takes one response, as a real one does, and remembers everything it was asked. */
const flow = (key: string, options: { readonly tells?: boolean } = {}) => {
  const offers: Array<string | undefined> = []
  const codes: Array<string> = []
  const refusals: Array<PasteRefusalReason> = []
  const told: Array<PasteRefusalReason> = []
  /** The lengths it was given, with what it was offered and with what it was told. */
  const lengths: Array<number | undefined> = []
  const waiting: WaitingFlow = {
    key,
    offer: (parameters, characters) => {
      offers.push(AuthorizationResponse.claimedState(parameters))
      lengths.push(characters)
      const matched = AuthorizationResponse.matchState(parameters, Redacted.make(key))
      if (Either.isLeft(matched)) return matched.left
      if (codes.length > 0) return "FlowEnded"
      const checked = AuthorizationResponse.check(matched.right, {})
      codes.push(Either.isRight(checked) ? Redacted.value(checked.right.code) : "none")
      return undefined
    },
    refused: (reason, characters) => {
      refusals.push(reason)
      lengths.push(characters)
      const tells = characters !== undefined && options.tells !== false
      if (tells) told.push(reason)
      return tells
    }
  }
  return { waiting, key, offers, codes, refusals, told, lengths }
}

const stateOf = (n: number) => `state-of-flow-${n}-Qx8m3v0GZb1kT5rYhN2wLp7s`

const address = (state: string, code: string) => `http://127.0.0.1:4321/callback?code=${code}&state=${state}`

/** Ways in which a person copies an address. */
const spellings: ReadonlyArray<(address: string) => string> = [
  (address) => address,
  (address) => `  ${address}\r\n`,
  (address) => `"${address}"`,
  (address) => address.replace("http://127.0.0.1:4321/callback?", ""),
  (address) => address.replace("http://127.0.0.1:4321/callback", "")
]

const taken = Either.right(undefined)

describe("route", () => {
  it("gives an address to the flow whose state it carries, and to no other", () => {
    const router = PasteRouter.make()
    const flows = [flow(stateOf(0)), flow(stateOf(1)), flow(stateOf(2))]
    for (const { waiting } of flows) router.add(waiting)
    assert.deepStrictEqual(router.route(address(stateOf(1), "b"), true), taken)
    assert.deepStrictEqual(router.route(address(stateOf(0), "a"), true), taken)
    assert.deepStrictEqual(flows.map(({ codes }) => codes), [["a"], ["b"], []])
    assert.deepStrictEqual(flows.map(({ offers }) => offers.length), [1, 1, 0])
    assert.deepStrictEqual(flows.flatMap(({ refusals }) => refusals), [])
  })

  it("gives an error to its flow as well", () => {
    const router = PasteRouter.make()
    const one = flow(stateOf(0))
    router.add(one.waiting)
    assert.deepStrictEqual(router.route(`/callback?error=access_denied&state=${stateOf(0)}`, true), taken)
    assert.deepStrictEqual(one.codes, ["none"])
  })

  it("gives an unknown address to no one, and lets one flow tell of it", () => {
    const router = PasteRouter.make()
    const flows = [flow(stateOf(0)), flow(stateOf(1)), flow(stateOf(2))]
    for (const { waiting } of flows) router.add(waiting)
    assert.deepStrictEqual(router.route(address("unknown", "x"), true), Either.left("StateMismatch"))
    assert.deepStrictEqual(flows.flatMap(({ offers }) => offers), [])
    assert.deepStrictEqual(flows.map(({ refusals }) => refusals), flows.map(() => ["StateMismatch"]))
    assert.deepStrictEqual(flows.map(({ told }) => told.length), [1, 0, 0])
  })

  it("lets the next flow tell when the first one cannot", () => {
    const router = PasteRouter.make()
    const flows = [flow(stateOf(0), { tells: false }), flow(stateOf(1)), flow(stateOf(2))]
    for (const { waiting } of flows) router.add(waiting)
    router.route("junk", true)
    assert.deepStrictEqual(flows.map(({ told }) => told.length), [0, 1, 0])
  })

  it("tells nobody when it is not asked to, and records it all the same", () => {
    const router = PasteRouter.make()
    const one = flow(stateOf(0))
    router.add(one.waiting)
    router.route("junk", false)
    assert.deepStrictEqual([one.told, one.refusals], [[], ["NotAResponse"]])
  })

  it("says how long a text was that was taken, line breaks apart, where the person is to be told", () => {
    const pasted = address(stateOf(0), "a")
    for (
      const text of [pasted, `${pasted}\n`, `\r\n\r\n${pasted}\r`, pasted.replace(/.{20}/g, "$&\r\n"), `"${pasted}" 😀`]
    ) {
      for (const notify of [true, false]) {
        const router = PasteRouter.make()
        const [one, other] = [flow(stateOf(0)), flow(stateOf(1))]
        router.add(one.waiting)
        router.add(other.waiting)
        assert.deepStrictEqual(router.route(text, notify), taken)
        assert.deepStrictEqual(one.lengths, [notify ? text.replaceAll(/[\r\n]/g, "").length : undefined])
        assert.deepStrictEqual(other.lengths, [])
      }
    }
  })

  it("says to each flow of one block of text how long the whole block was", () => {
    const router = PasteRouter.make()
    const flows = [flow(stateOf(0)), flow(stateOf(1))]
    for (const { waiting } of flows) router.add(waiting)
    const lines = [address(stateOf(1), "b"), "", address(stateOf(0), "a")]
    assert.deepStrictEqual(router.route(lines.join("\r\n"), true), taken)
    for (const { lengths } of flows) assert.deepStrictEqual(lengths, [lines.join("").length])
  })

  it("says how long a refused text was to those flows alone that may tell of it: up to the first that does", () => {
    const router = PasteRouter.make()
    const flows = [flow(stateOf(0), { tells: false }), flow(stateOf(1)), flow(stateOf(2))]
    for (const { waiting } of flows) router.add(waiting)
    router.route("no\nidea", true)
    assert.deepStrictEqual(flows.map(({ lengths }) => lengths), [[6], [6], [undefined]])
    // A text of no length is a text, and told of as well.
    router.route("", true)
    assert.deepStrictEqual(flows.map(({ told }) => told), [[], ["NotAResponse", "Empty"], []])
    assert.deepStrictEqual(flows.map(({ lengths }) => lengths[1]), [0, 0, undefined])
  })

  it("refuses where no flow waits", () => {
    const router = PasteRouter.make()
    assert.deepStrictEqual(router.route(address(stateOf(0), "a"), true), Either.left("StateMismatch"))
    assert.deepStrictEqual(router.route("", true), Either.left("Empty"))
  })

  it("gives nothing to a flow that was removed, and still to the others", () => {
    const router = PasteRouter.make()
    const [gone, stays] = [flow(stateOf(0)), flow(stateOf(1))]
    const remove = router.add(gone.waiting)
    router.add(stays.waiting)
    remove()
    remove()
    assert.deepStrictEqual(router.route(address(stateOf(0), "a"), true), Either.left("StateMismatch"))
    assert.deepStrictEqual(router.route(address(stateOf(1), "b"), true), taken)
    assert.deepStrictEqual([gone.offers, gone.refusals], [[], []])
    assert.deepStrictEqual(stays.codes, ["b"])
  })

  it("says of a second right address that the flow has ended", () => {
    const router = PasteRouter.make()
    const one = flow(stateOf(0))
    router.add(one.waiting)
    router.route(address(stateOf(0), "a"), true)
    assert.deepStrictEqual(router.route(address(stateOf(0), "b"), true), Either.left("FlowEnded"))
    assert.deepStrictEqual(one.codes, ["a"])
  })

  it("refuses our state beside another", () => {
    const router = PasteRouter.make()
    const [one, other] = [flow(stateOf(0)), flow(stateOf(1))]
    router.add(one.waiting)
    router.add(other.waiting)
    const both = `${address(stateOf(0), "a")}&state=${stateOf(1)}`
    assert.deepStrictEqual(router.route(both, true), Either.left("StateRepeated"))
    assert.deepStrictEqual([one.codes, other.codes], [[], []])
  })

  it("serves every flow of one block of text", () => {
    const router = PasteRouter.make()
    const flows = [flow(stateOf(0)), flow(stateOf(1)), flow(stateOf(2))]
    for (const { waiting } of flows) router.add(waiting)
    const block = [2, 0, 1].map((n) => address(stateOf(n), `code${n}`)).join("\n")
    assert.deepStrictEqual(router.route(block, true), taken)
    assert.deepStrictEqual(flows.map(({ codes }) => codes), [["code0"], ["code1"], ["code2"]])
  })

  it("does not complain of junk beside an address that was taken", () => {
    const router = PasteRouter.make()
    const one = flow(stateOf(0))
    router.add(one.waiting)
    assert.deepStrictEqual(router.route(`${address("unknown", "x")}\n${address(stateOf(0), "a")}`, true), taken)
    assert.deepStrictEqual([one.codes, one.refusals], [["a"], []])
  })
})

describe("match", () => {
  const refuseAll = (reason: PasteRefusalReason) => () => reason

  it.each<[string, string, PasteRefusalReason]>([
    ["nothing", " \n ", "Empty"],
    ["words", "I cannot find it", "NotAResponse"],
    ["a code alone", "SplxlOBeZQQYbYS6WxSbIA", "BareCode"],
    ["an answer without state", "http://127.0.0.1:4321/callback?code=x", "StateMissing"],
    ["the sign-in page", "https://as.example/authorize?response_type=code&state=x", "AuthorizationUrl"],
    ["a megabyte", "x".repeat(1 << 20), "TooLong"],
    ["an address nobody takes", address("unknown", "x"), "StateMismatch"]
  ])("says of %s what is wrong with it", (_name, text, reason) => {
    assert.deepStrictEqual(PasteRouter.match(text, refuseAll("StateMismatch")), Either.left(reason))
  })

  it("says what tells the person most, wherever it stands", () => {
    const lines: ReadonlyArray<readonly [string, PasteRefusalReason]> = [
      [address("old", "x"), "StateMismatch"],
      ["https://as.example/authorize?response_type=code&client_id=x", "AuthorizationUrl"],
      ["http://127.0.0.1:4321/callback?code=x", "StateMissing"],
      ["I cannot find it", "NotAResponse"]
    ]
    for (const [place, [first, reason]] of lines.entries()) {
      for (const [second] of lines.slice(place + 1)) {
        for (const text of [`${first}\n\n${second}`, `${second}\n\n${first}`]) {
          assert.deepStrictEqual(PasteRouter.match(text, refuseAll("StateMismatch")), Either.left(reason), text)
        }
      }
    }
  })

  it("offers nothing of what cannot be an answer", () => {
    let offered = 0
    for (const text of ["", "I cannot find it", "SplxlOBeZQQYbYS6WxSbIA", "/callback?code=x"]) {
      PasteRouter.match(text, () => {
        offered++
        return undefined
      })
    }
    assert.strictEqual(offered, 0)
  })
})

type Paste =
  | { readonly _tag: "Of"; readonly flow: number; readonly spelling: number }
  | { readonly _tag: "Junk"; readonly text: string }
  | { readonly _tag: "Remove"; readonly flow: number }

const paste: FastCheck.Arbitrary<Paste> = FastCheck.oneof(
  {
    weight: 5,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Of" as const),
      flow: FastCheck.nat({ max: 7 }),
      spelling: FastCheck.nat({ max: spellings.length - 1 })
    })
  },
  {
    weight: 3,
    arbitrary: FastCheck.oneof(
      FastCheck.constantFrom(
        address("unknown", "x"),
        address(stateOf(0).slice(0, -1), "x"),
        "",
        "no",
        `${address("a", "x")}&state=${stateOf(1)}`
      ),
      FastCheck.string({ unit: "binary" })
    ).map((text): Paste => ({ _tag: "Junk", text }))
  },
  { weight: 1, arbitrary: FastCheck.nat({ max: 7 }).map((flow): Paste => ({ _tag: "Remove", flow })) }
)

describe("route, for any pastes in any order", () => {
  it.prop("gives each flow its own first address and nothing else, and tells of each refusal once", [
    FastCheck.integer({ min: 1, max: 8 }),
    FastCheck.array(paste, { maxLength: 20 }),
    FastCheck.boolean()
  ], ([count, pastes, notify]) => {
    const router = PasteRouter.make()
    const flows = Array.from({ length: count }, (_, n) => flow(stateOf(n)))
    const removes = flows.map(({ waiting }) => router.add(waiting))
    const expected = new Map<number, string>()
    const removed = new Set<number>()
    let refused = 0
    for (const [place, paste] of pastes.entries()) {
      if (paste._tag === "Remove") {
        removes[paste.flow]?.()
        removed.add(paste.flow)
        continue
      }
      const before = flows.flatMap(({ told }) => told).length
      for (const { lengths } of flows) lengths.length = 0
      const text = paste._tag === "Junk"
        ? paste.text
        : spellings[paste.spelling]?.(address(stateOf(paste.flow), `code${place}`)) ?? ""
      const verdict = router.route(text, notify)
      const isTaken = paste._tag === "Of" && paste.flow < count && !removed.has(paste.flow) && !expected.has(paste.flow)
      assert.strictEqual(Either.isRight(verdict), isTaken)
      if (isTaken) expected.set(paste.flow, `code${place}`)
      else refused++
      const anyone = flows.some((_flow, n) => !removed.has(n))
      assert.strictEqual(flows.flatMap(({ told }) => told).length - before, notify && !isTaken && anyone ? 1 : 0)
      const characters = notify ? text.replaceAll(/[\r\n]/g, "").length : undefined
      const given = flows.flatMap(({ lengths }) => lengths)
      assert.isTrue(given.every((length) => length === characters || (length === undefined && !isTaken)))
    }
    for (const [n, { codes, offers, refusals }] of flows.entries()) {
      assert.deepStrictEqual(codes, expected.has(n) ? [expected.get(n)] : [])
      assert.isTrue(offers.every((state) => state === stateOf(n)), "it was offered what carries another state")
      if (!removed.has(n)) assert.strictEqual(refusals.length, refused)
    }
  }, { fastCheck: { numRuns: 300 } })
})
