import { assert, describe, it } from "@effect/vitest"
import { isBlockedByBrowsers } from "../../../src/core/oauth/LoopbackPort.ts"

// `fetch` of Node and Deno has the list of the standard, and refuses before it connects.
const refuses = async (port: number): Promise<boolean> => {
  try {
    await fetch(`http://127.0.0.1:${port}/`)
    return false
  } catch (error) {
    return /bad port|blocked/i.test(`${String(error)} ${String((error as Error).cause)}`)
  }
}

describe("isBlockedByBrowsers", () => {
  it("is so of the ports that Chromium answers with ERR_UNSAFE_PORT", () => {
    const some = [
      0,
      1,
      7,
      21,
      22,
      25,
      110,
      143,
      179,
      389,
      427,
      554,
      990,
      1720,
      2049,
      4190,
      5060,
      6000,
      6667,
      6697,
      10080
    ]
    assert.deepStrictEqual(some.filter((port) => !isBlockedByBrowsers(port)), [])
  })

  it("is not so of those that programs use", () => {
    const some = [80, 443, 1455, 3000, 3334, 5000, 5173, 6274, 8000, 8080, 8085, 8976, 9000, 49152, 65535]
    assert.deepStrictEqual(some.filter(isBlockedByBrowsers), [])
  })

  it.skipIf("Deno" in globalThis)(
    "is so of no other port than of those that the runtime's own fetch refuses",
    async () => {
      const differing: Array<number> = []
      for (let port = 1; port < 11_000; port++) {
        if (isBlockedByBrowsers(port) && !(await refuses(port))) differing.push(port)
      }
      assert.deepStrictEqual(differing, [])
    }
  )
})
