import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { hostname, release } from "node:os"
import process from "node:process"
import { variables } from "../../../src/core/terminal/Surroundings.ts"
import * as Planned from "../../fixtures/programs/startPlanned.ts"

beforeAll(Planned.prepare)
afterAll(Planned.end)

const styles = async (environments: ReadonlyArray<Readonly<Record<string, string>>>, columns?: number) =>
  (await Planned.processSurroundings(environments, columns === undefined ? {} : { columns })).found.map(({ style }) =>
    style
  )

const isContainer = process.platform === "linux" && ["/.dockerenv", "/run/.containerenv"].some(existsSync)

describe.runIf(Planned.hasTerminal && process.platform !== "win32").concurrent("style, at a terminal", () => {
  const TERM = "xterm-256color"
  it("has bold type and links, and respects what the person says against either", async () => {
    const cases: ReadonlyArray<readonly [Record<string, string>, boolean, boolean]> = [
      [{ TERM }, true, true],
      [{ TERM, NO_COLOR: "1" }, false, true],
      [{ TERM, NO_COLOR: "0" }, false, true],
      [{ TERM, NO_COLOR: "" }, true, true],
      [{ TERM, FORCE_HYPERLINK: "0" }, true, false],
      [{ TERM, FORCE_HYPERLINK: "1" }, true, true],
      [{ TERM, FORCE_HYPERLINK: "0", NO_COLOR: "1" }, false, false],
      [{ TERM: "linux" }, true, false],
      [{ TERM: "dumb" }, false, false],
      [{ TERM: "dumb", FORCE_HYPERLINK: "1", FORCE_COLOR: "1" }, false, false],
      [{ TERM: "" }, false, false],
      [{}, false, false]
    ]
    assert.deepStrictEqual(
      await styles(cases.map(([env]) => env), 80),
      cases.map(([, bold, links]) => ({ columns: 80, bold, links }))
    )
  })

  it("has the width of the terminal, and 80 columns where that says none", async () => {
    const widths = await Promise.all([1, 40, 132, 0].map((columns) => styles([{ TERM }], columns)))
    assert.deepStrictEqual(widths.flat().map(({ columns }) => columns), [1, 40, 132, 80])
  })
})

describe.concurrent("style, where stderr is no terminal", () => {
  it("is plain and wraps nothing, whatever the environment says", async () => {
    const plain = { bold: false, links: false }
    const environments = [{}, { TERM: "xterm" }, {
      TERM: "xterm",
      FORCE_COLOR: "3",
      FORCE_HYPERLINK: "1",
      COLUMNS: "40"
    }]
    assert.deepStrictEqual(await styles(environments), environments.map(() => plain) as never)
  })
})

describe.concurrent("surroundings", () => {
  it("looks at this machine, and at no more of the environment than it says", async () => {
    const all = Object.fromEntries(variables.map((name) => [name, `its ${name}`]))
    const { found: [full, empty] } = await Planned.processSurroundings([{ ...all, SECRET: "SECRET" }, {}])
    const { env, ...rest } = full?.surroundings ?? { env: {} }
    assert.deepStrictEqual({ ...env }, all)
    assert.deepStrictEqual(rest as unknown, {
      platform: process.platform,
      release: release(),
      hostname: hostname(),
      containerFile: isContainer
    })
    assert.deepStrictEqual({ ...empty?.surroundings.env }, {})
  })

  it.runIf("Deno" in globalThis)("takes what Deno may not look at for absent, and asks nobody", async () => {
    const env = { DISPLAY: ":0", CI: "true", TERM: "xterm" }
    const permitted = async (...permissions: ReadonlyArray<string>) => {
      const { found: [found], stderr } = await Planned.processSurroundings([{}], { columns: 80, permissions, env })
      assert.strictEqual(stderr, "", permissions.join(" "))
      return found
    }
    const nothing = { platform: process.platform, env: {}, containerFile: false }
    const [none, screen, machine, files] = await Promise.all([
      // Without a word about permissions, a program that a program on Deno starts has them all.
      permitted("--allow-net=127.0.0.1"),
      permitted("--allow-env=DISPLAY,NO_COLOR"),
      permitted("--allow-sys=hostname,osRelease", "--allow-env", "--deny-env=CI"),
      permitted("--allow-read=/.dockerenv,/run/.containerenv")
    ])
    assert.deepStrictEqual(none?.surroundings, nothing)
    assert.deepStrictEqual(screen?.surroundings, { ...nothing, env: { DISPLAY: ":0" } })
    assert.deepStrictEqual(machine?.surroundings, {
      ...nothing,
      env: { DISPLAY: ":0", TERM: "xterm" },
      hostname: hostname(),
      release: release()
    })
    assert.deepStrictEqual(files?.surroundings, { ...nothing, containerFile: isContainer })
    // A terminal whose name is not known is one like most.
    assert.deepStrictEqual(none?.style, { columns: 80, bold: true, links: true })
  })
})
