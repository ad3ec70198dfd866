import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { Content } from "../../../src/core/lease/Generation.ts"
import {
  type Connection,
  connectionOf,
  maxHeartbeatAge,
  type Seen,
  type Verdict,
  verdict
} from "../../../src/core/lease/Verdict.ts"

const held: Content = { _tag: "Held", holder: { pid: 1, socket: "a.s", host: "h" } }
const damaged: Content = { _tag: "Damaged" }
const [fresh, stale] = [maxHeartbeatAge, maxHeartbeatAge + 1]

describe("the verdict", () => {
  const rows: ReadonlyArray<readonly [string, Partial<Seen>, Verdict]> = [
    ["given back", { content: { _tag: "Empty" } }, "Free"],
    ["given back, on another host", { content: { _tag: "Empty" }, isSameHost: false }, "Free"],
    ["held, not tried", {}, "Connect"],
    ["held elsewhere, not tried", { isSameHost: false }, "Connect"],
    ["held, connection ended", { connection: "Closed" }, "Look"],
    ["held, connection ended twice", { connection: "Closed", closings: 1 }, "Look"],
    ["held, connections end again and again", { connection: "Closed", closings: 2 }, "LookLater"],
    ["refused", { connection: "Refused" }, "Free"],
    ["refused elsewhere", { connection: "Refused", isSameHost: false }, "AskHeartbeat"],
    ["refused elsewhere, fresh", { connection: "Refused", isSameHost: false, heartbeatAge: fresh }, "LookLater"],
    ["refused elsewhere, stale", { connection: "Refused", isSameHost: false, heartbeatAge: stale }, "Free"],
    ["busy, whatever the heartbeat", { connection: "Busy", heartbeatAge: stale }, "LookLater"],
    ["not to be tried", { connection: "Unknown" }, "AskHeartbeat"],
    ["not to be tried, fresh", { connection: "Unknown", heartbeatAge: fresh }, "LookLater"],
    ["not to be tried, stale", { connection: "Unknown", heartbeatAge: stale }, "Free"],
    ["damaged", { content: damaged }, "AskHeartbeat"],
    ["damaged, fresh", { content: damaged, heartbeatAge: fresh }, "LookLater"],
    ["damaged, of the future", { content: damaged, heartbeatAge: -60_000 }, "LookLater"],
    ["damaged, stale", { content: damaged, heartbeatAge: stale }, "Free"]
  ]
  it.each(rows)("of a lease that is %s", (_, seen, expected) => {
    assert.strictEqual(verdict({ content: held, isSameHost: true, closings: 0, ...seen }), expected)
  })

  const seen = fc.record({
    content: fc.constantFrom<Content>(held, damaged),
    isSameHost: fc.boolean(),
    connection: fc.constantFrom<Connection | undefined>(undefined, "Closed", "Refused", "Busy", "Unknown"),
    closings: fc.nat(5),
    heartbeatAge: fc.option(fc.integer({ min: -1000, max: 30_000 }), { nil: undefined })
  })
  it.prop("is free only by a refusal on the same host or an old heartbeat", [seen], ([seen]) => {
    if (verdict(seen) !== "Free") return
    const isOld = seen.heartbeatAge !== undefined && seen.heartbeatAge > maxHeartbeatAge
    assert.isTrue(isOld || seen.content._tag === "Held" && seen.connection === "Refused" && seen.isSameHost)
  })

  it.prop("asks for nothing that it was given, so that looking ends", [seen], ([seen]) => {
    const what = verdict(seen)
    if (what === "Connect") assert.isUndefined(seen.connection)
    if (what === "AskHeartbeat") assert.isUndefined(seen.heartbeatAge)
  })
})

describe("a failed connection", () => {
  it.each([
    ["ECONNREFUSED", "Refused"],
    ["ENOENT", "Refused"],
    ["ECONNRESET", "Refused"],
    ["EPIPE", "Refused"],
    ["EAGAIN", "Busy"],
    ["EBUSY", "Busy"],
    ["EACCES", "Unknown"],
    ["EMFILE", "Unknown"],
    [undefined, "Unknown"]
  ])("with %s is %s", (code, expected) => {
    assert.strictEqual(connectionOf(code), expected)
  })
})
