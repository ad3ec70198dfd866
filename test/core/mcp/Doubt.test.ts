import { assert, describe, it } from "vitest"
import * as Doubt from "../../../src/core/mcp/Doubt.ts"

const untried: Doubt.Untried = { token: "a", since: 1000, byPerson: true, byRefresh: false }
const none = { byPerson: false, byRefresh: false }
const tenMinutes = 600_000

describe("about a refused token", () => {
  it("there is the doubt about what brought it", () => {
    assert.include(Doubt.about("a", untried, false, 1000), { byPerson: true, byRefresh: false })
  })
  it.each(
    [
      ["that is another", "b", untried, false, 1000],
      ["that is none", undefined, untried, false, 1000],
      ["where every token was taken", "a", undefined, false, 1000],
      ["that came to its end", "a", untried, true, 1000],
      ["after ten minutes", "a", untried, false, 1000 + tenMinutes]
    ] as const
  )("%s there is none", (_, used, known, isExpired, now) => {
    assert.deepStrictEqual(Doubt.about(used, known, isExpired, now), none)
  })
})

describe("a new token", () => {
  it("of a refresh inherits the doubt about a person's, and of nothing else", () => {
    assert.deepStrictEqual(Doubt.refreshed("b", "a", untried, 5), {
      token: "b",
      since: 5,
      byPerson: true,
      byRefresh: true
    })
    assert.isFalse(Doubt.refreshed("b", "other", untried, 5).byPerson)
    assert.isFalse(Doubt.refreshed("b", "a", undefined, 5).byPerson)
  })
  it("of a person is refreshed, unless that was in vain just before", () => {
    assert.deepStrictEqual(Doubt.signedIn("b", "a", untried, 5), {
      token: "b",
      since: 5,
      byPerson: true,
      byRefresh: false
    })
    assert.isTrue(Doubt.signedIn("b", "a", { ...untried, byRefresh: true }, 5).byRefresh)
    assert.isFalse(Doubt.signedIn("b", "other", { ...untried, byRefresh: true }, 5).byRefresh)
    assert.isFalse(Doubt.signedIn("b", undefined, undefined, 5).byRefresh)
  })
})

describe("another step-up", () => {
  const steppedUp: Doubt.SteppedUp = { scope: "mcp write", granted: "mcp", since: 1000 }
  it("for the same scopes is fruitless", () => {
    assert.isTrue(Doubt.isFruitless(steppedUp, "write mcp", "mcp", 1000))
    assert.isTrue(Doubt.isFruitless(steppedUp, "write", "mcp", 999 + tenMinutes))
  })
  it.each(
    [
      ["for more", steppedUp, "write admin", "mcp", 1000],
      ["after the last one helped", undefined, "write", "mcp", 1000],
      ["when something else is granted by now", steppedUp, "write", "mcp read", 1000],
      ["after ten minutes", steppedUp, "write", "mcp", 1000 + tenMinutes]
    ] as const
  )("%s may help", (_, last, wanted, granted, now) => {
    assert.isFalse(Doubt.isFruitless(last, wanted, granted, now))
  })
})
