import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { findMissingPeer } from "../../src/core/PeerMissing.ts"

const npm = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

const effect = (version: string | undefined) => ({ name: "effect", version }) as const
const platform = (version: string | undefined) => ({ name: "@effect/platform", version }) as const
const name = "effect-oauth-callback"

describe("findMissingPeer", () => {
  it("says what to install where Effect is missing", () => {
    const cause = new Error("Cannot find package 'effect'")
    const problem = findMissingPeer(name, [effect(undefined)], cause)
    assert.strictEqual(
      problem?.message,
      "effect-oauth-callback needs effect 3 (3.18 or later), which is not installed. Run: npm install effect@3"
    )
    assert.deepInclude(problem, { _tag: "PeerMissing", name: "PeerMissing", peer: "effect", cause })
    assert.instanceOf(problem, Error)
    assert.notProperty(findMissingPeer(name, [effect(undefined)]), "cause")
  })

  it("says which Effect it found, and what works without any", () => {
    assert.strictEqual(
      findMissingPeer(`${name}/mcp`, [effect("4.1.0")])?.message,
      "effect-oauth-callback/mcp needs effect 3 (3.18 or later), and found effect 4.1.0. " +
        "Run: npm install effect@3, or import effect-oauth-callback/promise, which needs no Effect"
    )
    for (const entry of ["", "/node", "/deno", "/bun", "/mcp", "/hosted"]) {
      const message = findMissingPeer(`${name}${entry}`, [effect("4.1.0")])?.message ?? ""
      assert.match(message, /, or import effect-oauth-callback\/promise, which needs no Effect$/, entry)
    }
    assert.strictEqual(
      findMissingPeer(`${name}/testing/effect`, [effect("4.1.0")])?.message,
      "effect-oauth-callback/testing/effect needs effect 3 (3.18 or later), and found effect 4.1.0. " +
        "Run: npm install effect@3, or import effect-oauth-callback/testing, which needs no Effect"
    )
  })

  it("names no other entry where none does the same", () => {
    const message = findMissingPeer(`${name}/schema`, [effect("4.1.0")])?.message ?? ""
    assert.match(message, /Run: npm install effect@3$/)
    const ofPlatform = findMissingPeer(`${name}/mcp`, [platform("0.91.1")])?.message ?? ""
    assert.match(ofPlatform, /Run: npm install @effect\/platform$/)
  })

  it("names all packages that are missing in one line to run, and only those", () => {
    assert.strictEqual(
      findMissingPeer(`${name}/platform`, [effect(undefined), platform(undefined)])?.message,
      "effect-oauth-callback/platform needs effect 3 (3.18 or later), which is not installed. " +
        "Run: npm install effect@3 @effect/platform"
    )
    assert.strictEqual(
      findMissingPeer(`${name}/platform`, [effect("3.22.4"), platform("0.91.1")])?.message,
      "effect-oauth-callback/platform needs @effect/platform (0.92 or later), and found @effect/platform 0.91.1. " +
        "Run: npm install @effect/platform"
    )
  })

  it("finds nothing missing where both are of versions that the tests pass on", () => {
    for (const version of ["3.18.0", "3.18.4", "3.19.0-beta.1", "3.22.4", "3.100.0"]) {
      assert.isUndefined(findMissingPeer(name, [effect(version)], new Error("another reason")), version)
    }
    assert.isUndefined(findMissingPeer(name, [effect("3.18.0"), platform("0.92.0")]))
    assert.isUndefined(findMissingPeer(name, []))
  })

  it("takes no version before or after these, and none that it cannot read", () => {
    for (
      const version of ["3.17.14", "3.2.0", "2.4.0", "2.20.0", "4.0.0-rc.1", "4.1.0", "4.20.0", "30.18.0", "", "next"]
    ) {
      assert.isDefined(findMissingPeer(name, [effect(version)]), version)
    }
    for (const version of ["0.91.9", "0.9.0", "1.0.0", "1.92.0", "4.1.0"]) {
      assert.isDefined(findMissingPeer(name, [platform(version)]), version)
    }
  })

  it("begins where the ranges of package.json begin", () => {
    const [, wanted = ""] = /^>=(\S+) <5$/.exec(npm.peerDependencies.effect) ?? []
    const [, platforms = ""] = /^>=(\S+) <1$/.exec(npm.peerDependencies["@effect/platform"]) ?? []
    assert.isUndefined(findMissingPeer(name, [effect(wanted), platform(platforms)]))
    const before = (version: string) => version.replace(/\d+$/, (minor) => String(Number(minor) - 1))
    assert.strictEqual(findMissingPeer(name, [effect(before(wanted))])?.peer, "effect")
    assert.strictEqual(findMissingPeer(name, [platform(before(platforms))])?.peer, "@effect/platform")
  })
})
