/** The question for a client id, at a real terminal. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Texts } from "../../../src/core/terminal/Texts.ts"
import type { ClientIdQuestion } from "../../../src/index.ts"
import * as Live from "../../fixtures/LiveTerminal.ts"
import type { Plan } from "../../fixtures/programs/askClientId.ts"

let programs: Awaited<ReturnType<typeof Live.bundled>>
beforeAll(async () => {
  programs = await Live.bundled("askClientId")
})
afterAll(() => {
  Live.endAll()
  programs.remove()
})

const start = (plan: Plan, options: Live.Options = {}) =>
  Live.start([...programs.command("askClientId"), JSON.stringify(plan)], { columns: 400, ...options })

const { english } = Texts
const issuer = "https://auth.one.example"
const redirectUri = "http://127.0.0.1:49152/callback"
const one: ClientIdQuestion = { serverName: "one.example", issuer, redirectUri, paste: true }
const done = { code: 0, signal: null, raw: false, restored: true }

describe.skipIf(!Live.hasTerminal)(`a question for a client id${Live.orWhyNot}`, { concurrent: true }, () => {
  it("says what to register where, takes the next line, and gives the terminal back", async () => {
    const session = start({ questions: [one] })
    await session.shows(english.clientIdQuestion)
    assert.isTrue((await session.mode()).raw)
    assert.include(Live.words(session.screen()), english.clientIdNeeded({ serverName: "one.example", issuer }))
    assert.include(Live.linesOn(session.screen()), redirectUri)
    session.type("Iv1.8a61f9b3a7aba766\r")
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said(), [{ asked: "one.example", answer: "Iv1.8a61f9b3a7aba766" }])
    Live.assertLeft(session)
  })

  for (const [what, typed] of [["an empty line", "\r"], ["^D", "\u0004"]] as const) {
    it(`is given up by ${what}`, async () => {
      const session = start({ questions: [one] })
      await session.shows(english.clientIdQuestion)
      session.type(typed)
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said(), [{ asked: "one.example", answer: "" }])
    })
  }

  it("has no other sign-in explain the line, and leaves that one its own answer", async () => {
    const session = start({ beside: "two", questions: [one] })
    const two = await Live.answerTo(session, "two")
    await session.shows(english.clientIdQuestion)
    session.type(`${Live.marked(two.address)}\r`)
    assert.deepStrictEqual(await session.says("granted"), { granted: "two", code: two.code, via: "paste" })
    session.type("by-hand\r")
    assert.deepStrictEqual(await session.says("asked"), { asked: "one.example", answer: "by-hand" })
    assert.deepStrictEqual(await session.ended, done)
    assert.notInclude(session.screen(), english.pasteReasons.NotAResponse)
  })

  it("is asked one at a time", async () => {
    const session = start({ questions: [one, { ...one, serverName: "two.example", problem: "UnknownClient" }] })
    await session.shows(english.clientIdQuestion)
    assert.notInclude(session.screen(), "two.example")
    session.type("first\r")
    await session.shows(english.clientIdQuestion, 2)
    assert.include(Live.words(session.screen()), english.clientIdProblems.UnknownClient)
    session.type("second\r")
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said(), [
      { asked: "one.example", answer: "first" },
      { asked: "two.example", answer: "second" }
    ])
  })

  const nowhere: Readonly<Record<string, readonly [Partial<ClientIdQuestion>, Live.Options]>> = {
    "where stdin is a pipe": [{}, { stdin: "pipe" }],
    "where stderr is a pipe": [{}, { stderr: "pipe" }],
    "in the background": [{}, { background: true }],
    "where paste is off": [{ paste: false }, {}]
  }
  for (const [where, [about, options]] of Object.entries(nowhere)) {
    it(`is not asked ${where}`, async () => {
      const session = start({ questions: [{ ...one, ...about }] }, options)
      assert.include(await session.ended, { code: 0, signal: null })
      assert.deepStrictEqual(session.said(), [{ asked: "one.example", answer: null }])
      assert.notInclude(session.screen() + session.stderr(), english.clientIdQuestion)
    })
  }
})
