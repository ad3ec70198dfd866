import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { auditOf, changesOf, checksumLine, mayPublish, publishCommand, refusals } from "../../scripts/release/plan.ts"
import { workflowProblems } from "../../scripts/release/workflowProblems.ts"

const changelog = `# Changelog

## Unreleased

## [1.2.0] - 2026-11-30

### Added

- A way to sign in.

## 1.1.0

### Added
`

const tree = { status: "", version: "1.2.0", jsrVersion: "1.2.0", changelog }

describe("what may be released", () => {
  it("is a clean tree whose version the changelog describes", () => {
    expect(refusals(tree)).toEqual([])
    expect(refusals({ ...tree, tag: "v1.2.0" })).toEqual([])
  })

  it("is no tree with changes, or with files that belong to no commit", () => {
    expect(refusals({ ...tree, status: " M src/mcp.ts\n?? notes.txt\n" })[0]).toContain("?? notes.txt")
  })

  it("is no version that the changelog leaves out, or has a heading of without a word below it", () => {
    expect(changesOf(changelog, "1.2.0")).toContain("A way to sign in.")
    for (const version of ["1.2", "1.3.0", "1.1.0", "11.2.0", "2.0"]) {
      expect(changesOf(changelog, version)).toBeUndefined()
    }
    expect(refusals({ ...tree, version: "1.1.0", jsrVersion: "1.1.0" })).toHaveLength(1)
    expect(changesOf("## Unreleased\n\n- 1.2.0 is near\n", "1.2.0")).toBeUndefined()
  })

  it("has the same version for npm, JSR and the tag, and it is three numbers", () => {
    expect(refusals({ ...tree, jsrVersion: "1.1.9" })).toHaveLength(1)
    expect(refusals({ ...tree, tag: "v1.2.1" })).toHaveLength(1)
    expect(refusals({ ...tree, version: "1.2.0-beta.1", jsrVersion: "1.2.0-beta.1" })).toHaveLength(2)
  })
})

describe("known vulnerabilities", () => {
  const found = (total: number) => JSON.stringify({ auditReportVersion: 2, metadata: { vulnerabilities: { total } } })

  it("are none, some, or not known: a registry that does not answer has not said that there are none", () => {
    expect(auditOf(found(0))).toBe("Passed")
    expect(auditOf(found(3))).toBe("Vulnerable")
    for (const text of [`{ "message": "405 Method Not Allowed" }`, `{ "error": {} }`, "{}", "", "null", "not found"]) {
      expect(auditOf(text)).toBe("NotChecked")
    }
  })
})

describe("a release", () => {
  const ok = { name: "build", result: "ok" } as const

  it("is published when all is well, and what was not checked is no pass unless a person says so", () => {
    expect(mayPublish([ok], false)).toBe(true)
    expect(mayPublish([], true)).toBe(false)
    expect(mayPublish([ok, { name: "npm audit", result: "not checked" }], false)).toBe(false)
    expect(mayPublish([ok, { name: "npm audit", result: "not checked" }], true)).toBe(true)
    expect(mayPublish([ok, { name: "API report", result: "failed" }], true)).toBe(false)
  })

  it("is published by one command, for the commit that was verified", () => {
    expect(publishCommand("1.2.0", "abc")).toBe("git tag v1.2.0 abc && git push origin v1.2.0")
    expect(checksumLine("00ff", "package.tgz")).toBe("00ff  package.tgz\n")
  })
})

describe("workflows", () => {
  const pinned = `uses: actions/checkout@${"0a".repeat(20)} # v5.0.0`
  const workflow = (...lines: ReadonlyArray<string>) => ["permissions: {}", ...lines].join("\n")

  it("run no action that may change under its tag, hold no secret, and begin without a permission", () => {
    for (const name of readdirSync(".github/workflows")) {
      const file = `.github/workflows/${name}`
      expect(workflowProblems(file, readFileSync(file, "utf8"))).toEqual([])
    }
  })

  it("are refused for each of these", () => {
    expect(workflowProblems("a.yml", workflow(`      - ${pinned}`, "    uses: ./.github/workflows/ci.yml"))).toEqual([])
    for (
      const line of [
        "      - uses: actions/checkout@v5",
        `      - uses: actions/checkout@${"0a".repeat(20)}`,
        `      - uses: actions/checkout@${"0a".repeat(19)} # v5.0.0`,
        "        uses: docker://alpine:3",
        "          NPM_TOKEN: ${{ secrets.NPM_TOKEN }}",
        "    secrets: inherit",
        "    permissions: write-all"
      ]
    ) {
      expect(workflowProblems("a.yml", workflow(line)), line).toHaveLength(1)
    }
    expect(workflowProblems("a.yml", `      - ${pinned}`)).toHaveLength(1)
  })
})
