import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { HttpRefusalReason, PasteRefusalReason } from "../../../src/core/oauth/Refusal.ts"
import { type SignInOutcome, Texts } from "../../../src/core/terminal/Texts.ts"
import type { Notice } from "../../../src/services/Presenter.ts"
import * as RawClient from "../../fixtures/RawClient.ts"
import * as Planned from "../../fixtures/programs/startPlanned.ts"

beforeAll(Planned.prepare)
afterAll(Planned.end)

const { english } = Texts

const answered = { code: "c0de" }

/** A screen of the person's own, on which no browser opens. */
const local = { DISPLAY: ":0", BROWSER: "none" }
const ssh = { SSH_CONNECTION: "192.0.2.1 50000 192.0.2.2 22", USER: "ada" }

const times = (text: string, part: string): number => text.split(part).length - 1

/** Finishes a sign-in once its screen stands: one that is finished before is not told of. */
const visit = async (
  host: Planned.Planned,
  name: string,
  parameters: Readonly<Record<string, string>> = answered,
  opening = false
) => {
  await host.shows(english.signIn({ serverName: name, opening }))
  return await host.browse(name, parameters)
}

/** Waits until all of these are shown, in the order in which they were: whichever listens first. */
const shownOrder = async (host: Planned.Planned, names: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const heading = (serverName: string) => english.signIn({ serverName, opening: false })
  for (const name of names) await host.shows(heading(name))
  const shown = host.shown()
  return Array.from(names).sort((one, other) => shown.indexOf(heading(one)) - shown.indexOf(heading(other)))
}

/** The lines that a person reads, without the blank ones. */
const linesOf = ({ stderr }: Planned.Ended) => stderr.split("\n").filter((line) => line !== "")

const id = "a1b2c3d4"
const serverName = "mail"
const redirectUri = "http://127.0.0.1:4321/callback"

const outcomes: ReadonlyArray<SignInOutcome> = [
  "SignedIn",
  "Received",
  "Denied",
  "Invalid",
  "TimedOut",
  "Failed",
  "Cancelled"
]

const url = new URL("https://mail.example/authorize?state=x")

/** Each notice, and what it is said as. */
const said: ReadonlyArray<readonly [Notice, ReadonlyArray<string>]> = [
  [{ _tag: "PasteAccepted", id, serverName, characters: 2812 }, [
    english.pasteAccepted({ serverName, characters: 2812 })
  ]],
  ...(Object.keys(english.pasteReasons) as Array<PasteRefusalReason>).map((reason) =>
    [{ _tag: "PasteRefused", refusal: { via: "paste", reason }, message: "MESSAGE", characters: 7 }, [
      english.pasteRefused({ characters: 7, reason: english.pasteReasons[reason] })
    ]] as const
  ),
  ...(Object.keys(english.callbackReasons) as Array<HttpRefusalReason>).map((reason) =>
    [{ _tag: "CallbackRefused", id, serverName, refusal: { via: "http", reason }, message: "MESSAGE" }, [
      english.callbackRefused({ serverName, reason: english.callbackReasons[reason] })
    ]] as const
  ),
  [{ _tag: "MaybeUnregistered", serverName, redirectUri }, [english.maybeUnregistered({ serverName, redirectUri })]],
  [{ _tag: "MaybeForgotten", serverName }, [english.maybeForgotten({ serverName })]],
  [{ _tag: "SignInElsewhere", serverName, pid: 4711 }, [
    english.signInElsewhere({ serverName, pid: 4711, hasAddress: false })
  ]],
  [{ _tag: "SignInElsewhere", serverName, pid: 4711, url }, [
    english.signInElsewhere({ serverName, pid: 4711, hasAddress: true }),
    url.href
  ]],
  [{ _tag: "TokensNotStored", serverName, message: "The disk is full." }, [
    english.tokensNotStored({ serverName, message: "The disk is full" })
  ]],
  [{ _tag: "CredentialsDamaged", serverName, problem: "not JSON", movedTo: "/a/b.damaged", message: "MESSAGE" }, [
    english.credentialsDamaged({ problem: "not JSON", movedTo: "/a/b.damaged" })
  ]],
  ...(["allowMissingS256", "allowIssuerMismatch"] as const).map((option) =>
    [{ _tag: "Unsafe", serverName, option }, [english.unsafe({ serverName, option })]] as const
  ),
  ...outcomes.map((outcome, index) =>
    [{ _tag: "SignInEnded", id: `${id}${index}`, serverName, outcome }, [english.ended[outcome](serverName)]] as const
  ),
  // Of a sign-in that was pasted, its answer was told of already.
  [{ _tag: "SignInEnded", id, serverName, outcome: "Received" }, []],
  [{
    _tag: "SignInQueued",
    pending: { id, serverName, url, redirectUri, listening: true, paste: true }
  }, [english.signInLater({ serverName }), url.href]],
  [{ _tag: "SignInEnded", id, serverName: "a\u001b[31m red\u0007\n\u202ename", outcome: "SignedIn" }, [
    english.ended.SignedIn("a [31m red name")
  ]]
]

describe.concurrent("layerPresenter, on stderr", { timeout: 60_000 }, () => {
  it("has one sentence for each notice, in words of its own, plain where stderr is no terminal", async () => {
    const host = Planned.start({ signIns: [], notices: said.map(([notice]) => notice) })
    const ended = await host.ended
    assert.deepStrictEqual(linesOf(ended), said.flatMap(([, lines]) => lines))
    assert.notInclude(ended.stderr, "\u001b")
    assert.strictEqual(ended.code, 0)
  })

  it("says nothing again of those that wait where an end brings no news of them", async () => {
    const pending = (name: string) => ({
      _tag: "SignInQueued",
      pending: { id: name, serverName: name, url, redirectUri, listening: true, paste: true }
    })
    const ended = (id: string, outcome: SignInOutcome, serverName = id) => ({
      _tag: "SignInEnded",
      id,
      serverName,
      outcome
    })
    const host = Planned.start({
      signIns: [],
      notices: [
        ...["one", "two", "three", "four", "five"].map(pending),
        ended("unknown", "Denied"),
        ended("another", "Denied"),
        ended("one", "Cancelled"),
        ended("two", "Cancelled"),
        ended("three", "Denied"),
        ended("four", "Cancelled"),
        ended("five", "Cancelled")
      ]
    })
    const { Cancelled, Denied } = english.ended
    const waiting = (...names: ReadonlyArray<string>) => english.waitingFor({ waiting: names, done: [], paste: false })
    assert.deepStrictEqual(linesOf(await host.ended).slice(10), [
      Denied("unknown"),
      waiting("one", "two", "three", "four", "five"),
      Denied("another"),
      Cancelled("one, two"),
      waiting("three", "four", "five"),
      Denied("three"),
      waiting("four", "five"),
      Cancelled("four, five")
    ])
  })

  it("says once how each sign-in ended", async () => {
    const host = Planned.start({
      signIns: [
        { name: "late", timeout: 300 },
        { name: "denied" },
        { name: "strange", issuer: "https://as.example" },
        { name: "broken", exchange: "fails" },
        { name: "stuck", exchange: "hangs", exchangeTimeout: 200 },
        { name: "exchanged", exchange: "works" },
        { name: "received" },
        { name: "pasted" },
        { name: "pastedAndExchanged", exchange: "works" }
      ]
    }, { env: local, stdin: "pipe" })
    await visit(host, "denied", { error: "access_denied", error_description: "SECRET" })
    await visit(host, "strange", { ...answered, iss: "https://SECRET.example" })
    for (const name of ["broken", "stuck", "exchanged", "received"]) await visit(host, name)
    for (const name of ["pasted", "pastedAndExchanged"]) {
      await host.shows(english.signIn({ serverName: name, opening: false }))
      host.type(`${(await host.answer(name, answered)).href}\n`)
      await host.shows(`: the answer of ${name}.`)
    }
    const ended = await host.ended
    const { Denied, Failed, Invalid, Received, SignedIn, TimedOut } = english.ended
    const characters = (name: string) => /Received, ([\d,]+) c/.exec(ended.stderr.split(`to ${name}. `)[1] ?? "")?.[1]
    const accepted = (serverName: string) =>
      english.pasteAccepted({ serverName, characters: Number(characters(serverName)) })
    const wordings = [...outcomes.map((outcome) => english.ended[outcome]), accepted]
    const names = ended.endings.map((ending) => ending.split(" ")[0] ?? "")
    const known = new Set(names.flatMap((name) => wordings.map((wording) => wording(name))))
    assert.deepStrictEqual(linesOf(ended).filter((line) => known.has(line)), [
      TimedOut("late"),
      Denied("denied"),
      Invalid("strange"),
      Failed("broken"),
      Failed("stuck"),
      SignedIn("exchanged"),
      Received("received"),
      accepted("pasted"),
      accepted("pastedAndExchanged"),
      SignedIn("pastedAndExchanged")
    ])
    assert.deepStrictEqual(ended.endings, [
      "late AuthorizationTimeout",
      "denied AuthorizationDenied",
      "strange InvalidResponse",
      "broken ExchangeFailed",
      "stuck AuthorizationTimeout",
      "exchanged a token",
      "received http",
      "pasted paste",
      "pastedAndExchanged a token"
    ])
    assert.notInclude(ended.stderr, "SECRET")
    assert.notInclude(ended.stderr, answered.code)
    for (const name of names) {
      assert.notInclude(ended.shown, english.waitingFor({ waiting: [name], done: [], paste: true }))
    }
    assert.isDefined(ended.held.before)
    assert.deepStrictEqual(ended.held.after, ended.held.before)
  })

  it("names those that wait and those that are done, and tells the second only what differs", async () => {
    const host = Planned.start({
      signIns: [[{ name: "mail" }, { name: "wiki" }, { name: "news" }]]
    }, { env: ssh })
    const waiting = (names: ReadonlyArray<string>, done: ReadonlyArray<string> = []) =>
      english.waitingFor({ waiting: names, done, paste: false })
    const [first = "", second = "", third = ""] = await shownOrder(host, ["mail", "wiki", "news"])
    await host.shows(waiting([first, second]))
    await host.shows(waiting([first, second, third]))
    await host.browse(second, answered)
    await host.shows(`${english.ended.Received(second)} ${waiting([first, third], [second])}`)
    await host.browse(first, { error: "access_denied" })
    await host.shows(`${english.ended.Denied(first)} ${waiting([third], [second])}`)
    await host.browse(third, answered)
    const { code, shown } = await host.ended
    assert.strictEqual(code, 0)
    assert.isTrue(shown.trim().endsWith(english.ended.Received(third)), shown)
    const { ForwardPort, ForwardPortAlso, ForwardPortNote, HandOver } = english.advice
    assert.deepStrictEqual(
      [ForwardPort, ForwardPortAlso, ForwardPortNote, HandOver].map((text) => times(shown, text)),
      [1, 2, 1, 1]
    )
    const ports = Array.from(shown.matchAll(/ssh -N -L (\d+):127\.0\.0\.1:\1 ada@192\.0\.2\.2 /g), ([, port]) => port)
    assert.strictEqual(new Set(ports).size, 3, shown)
  })

  it("tells a sign-in that comes when none waits what it told the first, and of none before it", async () => {
    const host = Planned.start({
      signIns: [[{ name: "mail" }, { name: "wiki" }], { name: "late" }]
    }, { env: { CODESPACES: "true" }, stdin: "pipe" })
    const waiting = await shownOrder(host, ["mail", "wiki"])
    await host.shows(english.waitingFor({ waiting, done: [], paste: true }))
    for (const name of ["mail", "wiki"]) await host.browse(name, answered)
    await host.shows(english.advice.PasteFromCodespace, 2)
    await host.browse("late", answered)
    const { shown } = await host.ended
    const [before = "", after = ""] = shown.split(english.signIn({ serverName: "late", opening: false }))
    assert.deepStrictEqual([before, after].map((text) => times(text, english.advice.PasteFromCodespace)), [1, 1])
    assert.notMatch(after, /mail|wiki/)
  })

  it("says once of each answer that it has come, where two are pasted in one go", async () => {
    const host = Planned.start({ signIns: [[{ name: "mail" }, { name: "wiki" }]] }, { env: local, stdin: "pipe" })
    const names = await shownOrder(host, ["mail", "wiki"])
    const addresses = await Promise.all(names.map((name) => host.answer(name, answered)))
    host.type(addresses.map(({ href }) => `${href}\n`).join(""))
    const { endings, shown } = await host.ended
    assert.deepStrictEqual(Array.from(endings).sort(), ["mail paste", "wiki paste"])
    for (const name of names) {
      assert.strictEqual(times(shown, `: the answer of ${name}.`), 1, shown)
      assert.notInclude(shown, english.ended.Received(name))
    }
  })

  it("says once in words what was refused, nothing of what was sent, and nothing of what browsers ask for", async () => {
    const host = Planned.start({ signIns: [{ name: "mail" }] }, { env: local })
    const { port } = await host.answer("mail", {})
    await host.shows(english.signIn({ serverName, opening: false }))
    for (let turn = 0; turn < 2; turn++) {
      for (const path of ["/favicon.ico", "/.well-known/SECRET"]) await RawClient.get(Number(port), path)
      assert.strictEqual(await host.browse("mail", answered, { "sec-purpose": "prefetch" }), 403)
      assert.strictEqual(await host.browse("mail", { code: "SECRET", state: `SECRET${turn}` }), 400)
      assert.strictEqual(await host.browse("mail", { code: "SECRET" }, { "sec-fetch-mode": "cors" }), 403)
    }
    await host.browse("mail", answered, { "sec-fetch-mode": "navigate" })
    const ended = await host.ended
    const refused = (Object.keys(english.callbackReasons) as Array<HttpRefusalReason>).flatMap((reason) => {
      const sentence = english.callbackRefused({ serverName, reason: english.callbackReasons[reason] })
      return linesOf(ended).filter((line) => line === sentence).map(() => reason)
    })
    assert.deepStrictEqual(refused, ["NotANavigation", "StateMismatch"])
    assert.strictEqual(times(ended.shown, "refused"), 2)
    assert.notInclude(ended.stderr, "SECRET")
    assert.deepStrictEqual(ended.endings, ["mail http"])
  })

  it("says until when it waits, with the day where that is another one, and nothing where it has no end", async () => {
    const host = Planned.start({
      signIns: [
        { name: "soon", timeout: 600_000 },
        { name: "month", timeout: "30 days" },
        { name: "ever", timeout: "infinity" }
      ]
    }, { env: { ...local, TZ: "UTC" } })
    const year = new Date(Date.now() + 30 * 86_400_000).getUTCFullYear()
    for (const name of ["soon", "month", "ever"]) await visit(host, name)
    const ended = await host.ended
    assert.strictEqual(ended.code, 0)
    const [soon = "", month = "", ever = ""] = linesOf(ended).filter((line) => line.includes(" http://127.0.0.1:"))
    const redirectUri = /http:\S+callback/.exec(ever)?.[0] ?? ""
    assert.strictEqual(ever, english.returnsTo({ redirectUri, listening: true }))
    const until = (text: string) => text.split(" until ")[1] ?? ""
    assert.match(until(soon), /^\D{0,3}\d?\d:\d\d/)
    assert.notMatch(until(soon), /\b\d{4}\b/)
    assert.match(until(month), new RegExp(`\\b${year}\\b.*\\d?\\d:\\d\\d`))
  })

  it("says what the host says instead, and shows nothing for what it says nothing for", async () => {
    const BROWSER = "/nowhere/browser"
    const texts = {
      browserFailed: "Kein Browser.",
      callbackReasons: { StateMismatch: "FREMD" },
      pasteReasons: { NotAResponse: "Keine Adresse" }
    }
    const host = Planned.start({
      signIns: [
        { name: "mail", texts, env: { BROWSER } },
        { name: "mute", texts: { browserFailed: "", pasteReasons: { NotAResponse: "" } } },
        { name: "wrong", texts: { signIn: "throws" } }
      ]
    }, { env: local, stdin: "pipe" })
    await host.shows("Kein Browser.")
    host.type("no address\n")
    await host.shows("Received, 10 characters. Keine Adresse.")
    await host.browse("mail", { state: "other" })
    await host.shows(english.callbackRefused({ serverName, reason: "FREMD" }))
    await host.browse("mail", answered)
    await visit(host, "mute", { state: "other" }, true)
    await host.shows(english.callbackRefused({ serverName: "mute", reason: english.callbackReasons.StateMismatch }))
    await host.browse("mute", answered)
    await host.shows(english.browserFailed)
    assert.strictEqual(await visit(host, "wrong", answered, true), 200)
    const ended = await host.ended
    assert.notInclude(ended.stderr, "\n\n\n", "nothing is no empty line either")
    assert.deepStrictEqual(ended.endings, ["mail http", "mute http", "wrong http"])
    assert.notInclude(ended.stderr + ended.stdout, "SECRET")
    assert.strictEqual(times(ended.shown, english.browserFailed), 1, "in English where a sentence throws")
  })

  it.runIf(Planned.hasTerminal)(
    "shows the address at a terminal, opens the browser and reads a paste, whatever is wrong with the host's texts",
    async () => {
      const wrong = ["give nothing", "are numbers", "reject", "throw when they are read"] as const
      const host = Planned.start({
        signIns: wrong.map((wrongTexts) => ({ name: wrongTexts.replaceAll(" ", ""), wrongTexts, openBrowser: "notes" }))
      }, { columns: 200, env: { ...local, TERM: "xterm" } })
      for (const name of wrong.map((each) => each.replaceAll(" ", ""))) {
        await host.shows(english.signIn({ serverName: name, opening: true }))
        await host.shows(`https://${name}.example/authorize`)
        host.type(`${(await host.answer(name, answered)).href}\r`)
        await host.shows(`: the answer of ${name}.`)
      }
      const { code, endings, events, stderr } = await host.ended
      assert.strictEqual(code, 0, stderr)
      assert.deepStrictEqual(endings, wrong.map((each) => `${each.replaceAll(" ", "")} paste`))
      assert.lengthOf(events.filter((event) => "opened" in event), wrong.length)
    }
  )

  it("opens the browser as the host does, and says where that failed", async () => {
    const names = ["notes", "fails", "dies", "throws", "hangs"] as const
    const host = Planned.start({
      signIns: [...names.map((name) => ({ name, openBrowser: name })), { name: "never", openBrowser: false }]
    }, { env: { ...local, BROWSER: "/nowhere/browser" } })
    for (const name of names) {
      assert.strictEqual(await visit(host, name, answered, true), 200)
    }
    assert.strictEqual(await visit(host, "never"), 200)
    const ended = await host.ended
    assert.strictEqual(ended.code, 0)
    assert.deepStrictEqual(ended.endings, [...names, "never"].map((name) => `${name} http`))
    assert.deepStrictEqual(
      ended.events.flatMap(({ opened }) => opened === undefined ? [] : [opened]),
      ended.events.flatMap(({ begun, url }) => begun === "notes" ? [url] : [])
    )
    assert.notInclude(ended.stderr + ended.stdout, "SECRET")
    assert.strictEqual(times(ended.shown, english.browserFailed), 3, "of those that failed, died and threw")
  })

  it("tells of a port that is taken, and how to finish all the same", async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const { port } = other.address() as AddressInfo
    const host = Planned.start({
      signIns: [{ name: "mail", options: { port, onPortBusy: "paste" } }]
    }, { env: local, stdin: "pipe" })
    const redirectUri = `http://127.0.0.1:${port}/callback`
    await host.shows(english.advice.PasteOnly)
    host.type(`${(await host.answer("mail", answered)).href}\n`)
    const ended = await host.ended
    await new Promise((resolve) => other.close(resolve))
    assert.strictEqual(times(ended.shown, english.portTaken({ redirectUri })), 1)
    assert.strictEqual(times(ended.shown, english.signIn({ serverName, opening: false })), 1)
    assert.notInclude(ended.shown, english.returnsTo({ redirectUri, listening: true }))
    assert.deepStrictEqual(ended.endings, ["mail paste"])
  })

  it.each(["closed", "gone"] as const)("goes on where stderr is %s", async (stderr) => {
    const host = Planned.start({
      signIns: [{ name: "mail", env: { BROWSER: "/nowhere/browser" } }, [{ name: "wiki" }, { name: "news" }]]
    }, { env: local, stderr })
    await host.browse("mail", answered)
    for (const name of ["wiki", "news"]) {
      await host.browse(name, { state: "other" })
      await host.browse(name, answered)
    }
    const ended = await host.ended
    assert.deepStrictEqual([ended.code, ended.signal], [0, null])
    assert.deepStrictEqual(Array.from(ended.endings).sort(), ["mail http", "news http", "wiki http"])
    assert.strictEqual(ended.stderr, "")
  })
})
