/** Several programs of one person on one port: short rounds of what `npm run soak` does for long. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as net from "node:net"
import process from "node:process"
import * as Chromium from "../fixtures/Chromium.ts"
import * as Person from "../fixtures/ports/Person.ts"
import * as Ports from "../fixtures/ports/Ports.ts"
import * as Programs from "../fixtures/ports/Programs.ts"
import * as Rounds from "../fixtures/ports/rounds.ts"
import * as World from "../fixtures/ports/World.ts"
import * as Agents from "../fixtures/processes/Agents.ts"

const own = Agents.ownRuntime
const other: Programs.Runtime = own === "node" ? "deno" : "node"
const second = Agents.has(other) ? other : own
const third: Programs.Runtime = Agents.has("bun") ? "bun" : own
const two = [own, own] as const
const three = [own, own, second] as const
const six = [own, second, third, own, second, own] as const

const isRoot = process.getuid?.() === 0
const nobody = 65_534

const eventsOf = ({ name, program }: World.Waiting, tag: Programs.Event["event"]) =>
  program.events.filter((event) => event.event === tag && "name" in event && event.name === name)

/** What a program that has ended well left behind: nothing. */
const leftOf = async (program: Programs.Program) => {
  const before = program.events.length
  program.tell({ do: "count" })
  for (const until = Date.now() + 5000; Date.now() < until && program.events.length === before;) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const event = program.events.slice(before).find((event) => event.event === "counted")
  if (event?.event !== "counted") return ["it does not count"]
  const { first, now } = event
  // Deno makes a pair for itself at some time, and keeps it: it stays at one pair.
  const ofRuntime = program.runtime === "deno" ? 2 : 0
  return (["sockets", "unix", "timers", "listeners"] as const)
    .filter((kind) => now[kind] > first[kind] + (kind === "unix" ? ofRuntime : 0))
    .map((kind) => `${kind}: ${now[kind]} instead of ${first[kind]}`)
}

/** Takes whatever port it is told, as a program of somebody else would, and keeps all that it hears. */
const stranger = async (port: number) => {
  const heard: Array<Buffer> = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => sockets.delete(socket))
    socket.on("data", (chunk) => {
      heard.push(chunk)
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen({ port, host: "127.0.0.1", exclusive: true }, resolve)
  })
  return {
    heard: () => Buffer.concat(heard).toString("latin1"),
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      })
  }
}

/** Everything by which a `state` could be known again. */
const tracesOf = (state: string): ReadonlyArray<string> => {
  const hash = createHash("sha256").update(state).digest()
  return [state, hash.toString("hex"), hash.toString("base64url").slice(0, 40), hash.toString("base64").slice(0, 40)]
}

describe("several programs on one port", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const started = await Promise.all(six.map(Programs.take))
    await Promise.all(started.map(Programs.giveBack))
  })
  afterAll(Programs.end)

  it("sign in all six, one after the other, and leave nothing", async () => {
    const port = await World.run(six, async (world) => {
      const waiting = await Promise.all(six.map((_, index) => world.open(index)))
      assert.deepStrictEqual(waiting.map(({ listening }) => listening), six.map(() => true))
      assert.strictEqual(new Set(waiting.map(({ redirectUri }) => redirectUri)).size, 1)
      for (const each of Rounds.shuffled(waiting)) {
        const page = await each.visit()
        assert.strictEqual(page.title, `Signed in to ${each.name}`, `${page.met}`)
        assert.deepStrictEqual(page.problems, [])
        assert.isAtMost(page.reloads, 1, `${page.met}`)
        assert.strictEqual(await each.how(), "signed in")
        assert.deepStrictEqual(eventsOf(each, "granted").map((event) => "code" in event && event.code), [each.code])
        await each.program.said("closed", each.name)
      }
      assert.deepStrictEqual(
        await Promise.all(waiting.map(({ program }) => leftOf(program))),
        waiting.map(() => [])
      )
      return world.port
    })
    assert.isTrue(await Ports.isFree(port))
    assert.deepStrictEqual(Ports.socketFiles(port), [])
  })

  it("sign in all six at once", async () => {
    const { problems, ...figures } = await Rounds.run({ runtimes: six, rounds: 1 })
    assert.deepStrictEqual(problems, [])
    assert.deepInclude(figures, { survivors: 6, signedIn: 6, lost: 0, hung: 0 })
  })

  it("lose nobody when the one that has the port is killed", async () => {
    const { problems, ...figures } = await Rounds.run({ runtimes: six, rounds: 1, killed: 60 })
    assert.deepStrictEqual(problems, [])
    assert.deepInclude(figures, { survivors: 5, signedIn: 5, lost: 0, hung: 0 })
    assert.isAtMost(figures.takeoverMax, 2000)
  })

  it("hold a page through the one that has the port, and finish it elsewhere when that one is killed", () =>
    World.run(three, async (world) => {
      const holder = await world.open(0)
      const guest = await world.open(1, { exchange: "on command" })
      await world.open(2)
      const visiting = guest.visit()
      await guest.program.said("granted", guest.name)
      holder.program.kill("SIGKILL")
      await holder.program.ended
      await Ports.accepted(world.port)
      guest.program.tell({ do: "exchange", name: guest.name })
      const page = await visiting
      assert.strictEqual(page.title, `Signed in to ${guest.name}`, `${page.met}`)
      assert.strictEqual(await guest.how(), "signed in")
    }))

  it("go on when the one that has the port ends by itself, and a browser that comes then needs one reload at most", () =>
    World.run(three, async (world) => {
      const holder = await world.open(0)
      const [first, last] = [await world.open(1), await world.open(2)]
      holder.program.tell({ do: "close", name: holder.name })
      await holder.program.said("closed", holder.name)
      for (const each of [first, last]) {
        const page = await each.visit()
        assert.strictEqual(page.title, `Signed in to ${each.name}`, `${page.met}`)
        assert.isAtMost(page.reloads, 1, `${page.met}`)
        assert.deepStrictEqual(page.problems, [])
        await each.program.said("closed", each.name)
      }
    }))

  it("tell each browser the truth, at the first visit and at the second", () =>
    World.run(two, async (world) => {
      const holder = await world.open(0)
      const waits = await world.open(1, { exchange: "on command" })
      const fails = await world.open(1, { exchange: "fails" })
      const declined = await world.open(1)
      const tabs = [waits.visit(), waits.visit()]
      await waits.program.said("granted", waits.name)
      assert.strictEqual((await fails.visit()).title, `Not signed in to ${fails.name}`)
      assert.strictEqual(await fails.how(), "NotExchanged")
      const refusal = Person.answer(declined, { error: "access_denied" })
      assert.strictEqual((await Person.visit(refusal)).title, `Not signed in to ${declined.name}`)
      assert.strictEqual(await declined.how(), "AuthorizationDenied")
      waits.program.tell({ do: "exchange", name: waits.name })
      for (const page of await Promise.all(tabs)) assert.strictEqual(page.title, `Signed in to ${waits.name}`)
      assert.lengthOf(eventsOf(waits, "granted"), 1)
      assert.lengthOf(eventsOf(holder, "granted"), 0)
    }))

  it("refuse what is no answer, as one program does, and wait on", () =>
    World.run(two, async (world) => {
      const waiting = [await world.open(0), await world.open(1)]
      const [, guest] = waiting as [World.Waiting, World.Waiting]
      const wrong = new URL(guest.answer)
      wrong.searchParams.set("state", guest.state.slice(1) + "x")
      const status = async (address: string | URL, options?: Person.VisitOptions) =>
        (await Person.visit(address, options)).status
      assert.strictEqual(await status(wrong), 400)
      assert.strictEqual(await status(new URL("/favicon.ico", guest.redirectUri)), 404)
      assert.strictEqual(await status(guest.redirectUri), 400)
      assert.strictEqual(await status(guest.answer, { headers: { host: `rebound.example:${world.port}` } }), 421)
      assert.strictEqual(await status(guest.answer, { headers: { "sec-fetch-mode": "no-cors" } }), 403)
      assert.strictEqual(await status(guest.answer, { post: true }), 405)
      for (const each of waiting) {
        assert.lengthOf(eventsOf(each, "granted"), 0)
        assert.strictEqual((await each.visit()).title, `Signed in to ${each.name}`)
      }
    }))

  it("take posted forms, other paths and localhost, each for the one that asked for it", () =>
    World.run(three, async (world) => {
      await world.open(0)
      const form = await world.open(1, { options: { responseMode: "form_post" } })
      const here = await world.open(1, { options: { path: "/here" } })
      const there = await world.open(2, { options: { path: "/there" } })
      const astray = new URL(here.answer)
      astray.pathname = "/there"
      assert.isAtLeast((await Person.visit(astray)).status, 400)
      assert.strictEqual((await form.visit({ post: true })).title, `Signed in to ${form.name}`)
      for (const each of [there, here]) assert.strictEqual((await each.visit()).title, `Signed in to ${each.name}`)
      const byName = [
        await world.open(1, { options: { host: "localhost" } }),
        await world.open(2, { options: { host: "localhost" } }),
        await world.open(2, { options: { host: "localhost", responseMode: "form_post" } })
      ] as const
      assert.strictEqual((await byName[0].visit({ address: "127.0.0.1" })).title, `Signed in to ${byName[0].name}`)
      const address = await Ports.isFree(await Ports.free(), "::1") ? "::1" : "127.0.0.1"
      assert.strictEqual((await byName[1].visit({ address })).title, `Signed in to ${byName[1].name}`)
      assert.strictEqual((await byName[2].visit({ address, post: true })).title, `Signed in to ${byName[2].name}`)
    }))

  it("do not keep a browser waiting for one that is stopped, and answer it when that one goes on", () =>
    World.run(three, async (world) => {
      const holder = await world.open(0)
      const [stopped, lively] = [await world.open(1), await world.open(2)]
      const form = await world.open(1, { options: { responseMode: "form_post" } })
      stopped.program.kill("SIGSTOP")
      const once = { patience: 4000, reloads: 0 }
      const visiting = [stopped.visit(once), form.visit({ ...once, post: true })]
      const other = await lively.visit()
      assert.strictEqual(other.title, `Signed in to ${lively.name}`)
      assert.isBelow(other.millis, 2000)
      const pages = await Promise.all(visiting)
      stopped.program.kill("SIGCONT")
      for (const { met, problems } of pages) {
        assert.deepStrictEqual({ met, problems }, { met: ["reload"], problems: [] })
      }
      assert.strictEqual((await form.visit({ post: true })).title, `Signed in to ${form.name}`)
      assert.strictEqual((await stopped.visit()).title, `Signed in to ${stopped.name}`)
      holder.program.kill("SIGSTOP")
      try {
        const since = Date.now()
        const failed = await world.open(1).then(() => "opened", (error: unknown) => String(error))
        assert.match(failed, /BindError\/PortInUse: .*does not answer/)
        assert.isBelow(Date.now() - since, 3000)
      } finally {
        holder.program.kill("SIGCONT")
      }
      const next = await world.open(1)
      assert.strictEqual((await next.visit()).title, `Signed in to ${next.name}`)
    }))

  it("keep a posted form for one that is late after the port has gone to another", () =>
    World.run(three, async (world) => {
      const holder = await world.open(0)
      const form = await world.open(1, { options: { responseMode: "form_post" } })
      await world.open(2)
      form.program.kill("SIGSTOP")
      holder.program.kill("SIGKILL")
      await holder.program.ended
      await Ports.accepted(world.port)
      const { met, problems } = await form.visit({ post: true, reloads: 0 })
      form.program.kill("SIGCONT")
      assert.deepStrictEqual({ met, problems }, { met: ["reload"], problems: [] })
      assert.strictEqual((await form.visit({ post: true })).title, `Signed in to ${form.name}`)
    }))

  it("do not share with another version, and say so; what is no message at all does no harm", () =>
    World.run(two, async (world) => {
      const holder = await world.open(0)
      const [path = ""] = Ports.socketFiles(world.port)
      const guest = await world.open(1)
      const peers = ['{"_tag":"Hello","version":99,"port":1}\n', "no json\n[]\n{}\nnull\n", "x".repeat(3_000_000)]
      for (const text of peers) {
        const peer = net.connect({ path })
        peer.on("error", () => {})
        const heard = new Promise<string>((resolve) => {
          peer.once("data", (chunk) => resolve(String(chunk)))
          peer.once("close", () => resolve(""))
          setTimeout(resolve, 200, "nothing")
        })
        peer.write(text)
        if (text.includes("Hello")) assert.include(await heard, '"isServed":false')
        else await heard
        peer.destroy()
      }
      assert.strictEqual((await guest.visit()).title, `Signed in to ${guest.name}`)
      holder.program.kill("SIGKILL")
      await holder.program.ended
      fs.rmSync(path, { force: true })
      const somebody = await stranger(world.port)
      const heard: Array<string> = []
      const newer = net.createServer((socket) => {
        socket.on("error", () => {})
        socket.on("data", (chunk) => {
          heard.push(String(chunk))
          socket.write('{"_tag":"Welcome","version":99,"isServed":false}\n')
        })
      })
      await new Promise<void>((resolve) => newer.listen(path, resolve))
      try {
        const failed = await world.open(1).then(() => "opened", (error: unknown) => String(error))
        assert.match(failed, /BindError\/PortInUse: .*version/)
        assert.isFalse(heard.some((text) => /Add|state/.test(text)), "it was told of a flow")
      } finally {
        await somebody.close()
        await new Promise((resolve) => newer.close(resolve))
      }
    }))

  it("wait for the one that is closing, however slow its clients are", () =>
    World.run(two, async (world) => {
      const holder = await world.open(0)
      const deaf = net.connect({ port: world.port, host: "127.0.0.1", allowHalfOpen: true })
      deaf.on("error", () => {})
      await new Promise((resolve) => deaf.once("connect", resolve))
      deaf.write("GET /callback HTTP/1.1\r\nhost: ")
      await holder.visit()
      holder.program.tell({ do: "close", name: holder.name })
      const next = await world.open(1)
      deaf.destroy()
      assert.strictEqual((await next.visit()).title, `Signed in to ${next.name}`)
    }))

  it("end by themselves once nothing is open, whichever had the port", () =>
    World.run([own, second], async (world) => {
      const [holder, guest] = [await world.open(0), await world.open(1)]
      holder.program.finish()
      assert.deepStrictEqual(await holder.program.ended, { code: 0, signal: null })
      assert.strictEqual((await guest.visit()).title, `Signed in to ${guest.name}`)
      guest.program.finish()
      assert.deepStrictEqual(await guest.program.ended, { code: 0, signal: null })
      for (const { program } of [holder, guest]) assert.strictEqual(program.stderr(), "")
      assert.isTrue(await Ports.isFree(world.port))
      assert.deepStrictEqual(Ports.socketFiles(world.port), [])
    }))

  it("tell a stranger on the port apart, and it learns nothing of `state`", () =>
    World.run(two, async (world) => {
      // What a killed holder leaves does not make the stranger one of us.
      const killed = await world.open(0)
      killed.program.kill("SIGKILL")
      await killed.program.ended
      const somebody = await stranger(world.port)
      try {
        const since = Date.now()
        const failed = await world.open(1).then(() => "opened", (error: unknown) => String(error))
        assert.match(failed, /BindError\/PortInUse: /)
        assert.include(failed, String(world.port))
        assert.isBelow(Date.now() - since, 3000)
        const pasting = await world.open(1, { options: { onPortBusy: "paste" } })
        assert.isFalse(pasting.listening)
        const next = await world.open(1, { options: { port: [world.port, 0] } })
        assert.notStrictEqual(new URL(next.redirectUri).port, String(world.port))
        assert.strictEqual((await next.visit()).title, `Signed in to ${next.name}`)
        pasting.program.tell({ do: "submit", name: pasting.name, text: pasting.answer.href })
        assert.strictEqual(await pasting.how(), "signed in")
        for (const { state } of [pasting, next]) {
          for (const trace of tracesOf(state)) assert.notInclude(somebody.heard(), trace)
        }
      } finally {
        await somebody.close()
      }
      const again = await world.open(1)
      assert.strictEqual((await again.visit()).title, `Signed in to ${again.name}`)
    }))

  it.skipIf(!isRoot)(
    `are strangers to those of another user${isRoot ? "" : " (skipped: only root can be two)"}`,
    () =>
      World.run([own], async (world) => {
        const program = await Programs.start(Agents.has("node") ? "node" : own, { uid: nobody })
        try {
          const mine = await world.open(0)
          program.tell({ do: "open", name: "theirs", options: { port: world.port } })
          assert.strictEqual((await program.said("ended", "theirs")).how, "BindError/PortInUse")
          assert.strictEqual((await mine.visit()).title, `Signed in to ${mine.name}`)
          await mine.program.said("closed", mine.name)
          program.tell({ do: "open", name: "theirs again", options: { port: world.port } })
          const theirs = await program.said("opened", "theirs again")
          const failed = await world.open(0).then(() => "opened", (error: unknown) => String(error))
          assert.match(failed, /BindError\/PortInUse: /)
          const page = await Person.visit(Person.answer(theirs, { code: "c" }))
          assert.strictEqual(page.title, "Signed in to theirs again")
          for (const uid of [0, nobody]) {
            for (const folder of Ports.folders(uid).filter((folder) => fs.existsSync(folder))) {
              const { mode, uid: owner } = fs.statSync(folder)
              assert.deepStrictEqual({ folder, mode: mode & 0o077, owner }, { folder, mode: 0, owner: uid })
            }
          }
        } finally {
          program.kill("SIGKILL")
          await program.ended
        }
      })
  )

  it.skipIf(!isRoot)("trust no folder that another user has made for them", () =>
    World.run([own], async (world) => {
      const mine = await world.open(0)
      const [path = ""] = Ports.socketFiles(world.port)
      const folder = `/tmp/effect-oauth-callback-${nobody}`
      const program = await Programs.start(Agents.has("node") ? "node" : own, { uid: nobody })
      fs.rmSync(folder, { recursive: true, force: true })
      fs.mkdirSync(folder)
      fs.chmodSync(folder, 0o777)
      const heard: Array<string> = []
      const trap = net.createServer((socket) => {
        heard.push("a connection")
        socket.on("error", () => {})
        socket.on("data", (chunk) => heard.push(String(chunk)))
      })
      const file = `${folder}/${path.split("/").at(-1)}`
      await new Promise<void>((resolve) => trap.listen(file, resolve))
      fs.chmodSync(file, 0o777)
      try {
        program.tell({ do: "open", name: "theirs", options: { port: world.port } })
        assert.strictEqual((await program.said("ended", "theirs")).how, "BindError/PortInUse")
        assert.deepStrictEqual(heard, [])
        assert.strictEqual((await mine.visit()).title, `Signed in to ${mine.name}`)
      } finally {
        program.kill("SIGKILL")
        await program.ended
        await new Promise((resolve) => trap.close(resolve))
        fs.rmSync(folder, { recursive: true, force: true })
      }
    }))

  const withoutChromium = own !== "node"
    ? "run on Node"
    : Chromium.findChromium() === undefined
    ? "no Chromium here"
    : ""
  it.skipIf(withoutChromium !== "")(
    `are found by a real browser that meets the gap${withoutChromium && ` (skipped: ${withoutChromium})`}`,
    async () => {
      const browser = await Chromium.launch()
      try {
        await World.run(three, async (world) => {
          const page = await browser.newPage()
          page.setDefaultTimeout(10_000)
          const holder = await world.open(0)
          const [late, other] = [await world.open(1), await world.open(2)]
          const words = () => page.textContent("h1").catch(() => "")
          // Its program does not answer: the page says so, and reloads by itself.
          late.program.kill("SIGSTOP")
          const answered = await page.goto(late.answer.href)
          late.program.kill("SIGCONT")
          assert.strictEqual(answered?.status(), 503)
          await page.waitForURL(/\/done\//)
          assert.strictEqual(await words(), `Signed in to ${late.name}`)
          // Nobody is there: a person reloads once.
          holder.program.kill("SIGKILL")
          await holder.program.ended
          await page.goto(other.answer.href).catch(async () => {
            await Ports.accepted(world.port)
            // The browser may still be on its way to its page on the connection that was refused, which ends this one.
            await page.goto(other.answer.href).catch(() => page.goto(other.answer.href))
          })
          await page.waitForURL(/\/done\//)
          assert.strictEqual(await words(), `Signed in to ${other.name}`)
        })
      } finally {
        await browser.close()
      }
    }
  )
})
