import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as RetryAfter from "../../../src/core/mcp/RetryAfter.ts"

const now = Date.UTC(2026, 10, 29, 23, 59, 30)
const tenMinutes = 600_000

describe("read", () => {
  it.each<[string, number, string | null, number | undefined]>([
    ["seconds", 429, "60", now + 60_000],
    ["seconds of a server that is not available", 503, "5", now + 5000],
    ["a date of the next day", 429, "Mon, 30 Nov 2026 00:01:00 GMT", Date.UTC(2026, 10, 30, 0, 1)],
    ["white space around it", 429, " 60 ", now + 60_000],
    ["a day, which is ten minutes at most", 429, "86400", now + tenMinutes],
    ["a date next year, which is ten minutes at most", 503, "Mon, 29 Nov 2027 00:01:00 GMT", now + tenMinutes],
    ["more seconds than there are numbers", 429, "9".repeat(400), now + tenMinutes],
    ["no seconds", 429, "0", undefined],
    ["a time that is over", 429, "Sun, 06 Nov 1994 08:49:37 GMT", undefined],
    ["nothing", 429, null, undefined],
    ["an empty text", 429, "", undefined],
    ["seconds before now", 429, "-5", undefined],
    ["a fraction", 429, "1.5", undefined],
    ["a month that is none", 429, "Mon, 30 Nix 2026 00:01:00 GMT", undefined],
    ["a date of ISO 8601", 429, "2026-11-30T00:01:00Z", undefined],
    ["another status", 500, "60", undefined],
    ["a redirect that says when to follow it", 301, "60", undefined]
  ])("knows %s", (_, status, header, expected) => {
    assert.strictEqual(RetryAfter.read(status, header, now, Date.parse), expected)
  })

  it.each([
    "XMon, 30 Nov 2026 00:01:00 GMT",
    "Mon, 30 Nov 2026 00:01:00 GMTX",
    "Mon, 3 Nov 2026 00:01:00 GMT",
    "Monday, 30 Nov 2026 00:01:00 GMT",
    "5 seconds",
    "in 5",
    "1.5"
  ])("takes no other text for a date: %s", (text) => {
    assert.isUndefined(RetryAfter.read(429, text, now, () => now + 5000))
  })

  it.prop("reads every date that JavaScript writes", [
    FastCheck.date({ min: new Date(now + 1000), max: new Date(now + tenMinutes), noInvalidDate: true })
  ], ([date]) => {
    const expected = Math.floor(date.getTime() / 1000) * 1000
    assert.strictEqual(RetryAfter.read(429, date.toUTCString(), now, Date.parse), expected)
  })
})

it("says a time by the clock of UTC, and never too early", () => {
  assert.strictEqual(RetryAfter.clockTime(Date.UTC(2026, 10, 29, 12, 3, 20)), "12:03:20 UTC")
  assert.strictEqual(RetryAfter.clockTime(Date.UTC(2026, 10, 29, 12, 3, 19, 1)), "12:03:20 UTC")
  assert.strictEqual(RetryAfter.clockTime(Date.UTC(2026, 10, 29, 23, 59, 59, 500)), "00:00:00 UTC")
})
