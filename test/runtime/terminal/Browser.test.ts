import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Either, Fiber } from "effect"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { release, tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import process from "node:process"
import { chooseBrowser } from "../../../src/core/terminal/BrowserChoice.ts"
import { Texts } from "../../../src/core/terminal/Texts.ts"
import { open } from "../../../src/runtime/terminal/Browser.ts"
import * as Harness from "../../fixtures/Harness.ts"
import * as Leaks from "../../fixtures/Leaks.ts"
import * as Planned from "../../fixtures/programs/startPlanned.ts"

const folder = mkdtempSync(join(tmpdir(), "browser-"))

/** Openers that still run, whoever started them. */
const running = new Set<number>()

beforeAll(Planned.prepare)
afterAll(() => {
  Planned.end()
  for (const pid of running) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It has ended.
    }
  }
  rmSync(folder, { recursive: true, force: true })
})

/** A program that a person could have named in BROWSER. */
interface Opener {
  readonly path: string
  /** What it was given, each time that it was started. */
  readonly calls: () => ReadonlyArray<ReadonlyArray<string>>
  /** Waits until it was started; the result is its process. */
  readonly started: () => Promise<number>
  readonly isAlive: () => boolean
  /** A file that it wrote. */
  readonly wrote: (name: string) => string | undefined
}

let count = 0

/** Writes a program that notes how it was called and then does as it is told. It needs no other program for the first. */
const opener = (then = "", name = `opener${++count}`): Opener => {
  const path = join(folder, name)
  const note = `printf '%s\\0' "$@" end >> "$0.calls"; echo $$ > "$0.new"; mv "$0.new" "$0.pid"`
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${note}\n${then}\n`)
  chmodSync(path, 0o755)
  const wrote = (file: string) => {
    try {
      return readFileSync(`${path}.${file}`, "utf8")
    } catch {
      return undefined
    }
  }
  const pid = () => Number(wrote("pid") ?? "0")
  const isAlive = () => {
    try {
      return process.kill(pid(), 0)
    } catch {
      return false
    }
  }
  return {
    path,
    calls: () => (wrote("calls") ?? "").split("\0end\0").slice(0, -1).map((call) => call.split("\0")),
    started: async () => {
      await Planned.until(() => pid() > 0, () => `${name} starts`)
      running.add(pid())
      return pid()
    },
    isAlive,
    wrote
  }
}

/** Runs until somebody ends it. */
const hangs = "exec sleep 60"

const address = (query = "") => new URL(`https://as.example/authorize?client_id=a${query}`)

const openBy = (BROWSER: string, url = address()) =>
  open(chooseBrowser({ platform: "linux", env: { BROWSER } }, url), url)

const opens = (browser: string, url?: URL) => Effect.runPromise(Effect.either(openBy(browser, url)))

const canRunScripts = process.platform !== "win32"
const isLinux = process.platform === "linux"

describe.runIf(canRunScripts)("open, by BROWSER", () => {
  it("hands the address over as one argument, whatever is in it", async () => {
    const touched = join(folder, "touched")
    const queries = [
      `$(touch$IFS${touched})`,
      `\`touch$IFS${touched}\``,
      `;touch$IFS${touched};`,
      `&touch$IFS${touched}&x=|touch$IFS${touched}`,
      "\"double\" 'single' \\ back",
      "a b%20c+d",
      "%s %% %d %25s $1 $@ ${HOME} ~ * ? [a-z] {1,2} !! #fragment with a blank",
      "é€😀",
      "-o --option"
    ]
    await Promise.all(queries.map(async (query) => {
      const { calls, path } = opener()
      const url = address(`&q=${query}`)
      assert.isTrue(Either.isRight(await opens(path, url)), query)
      assert.deepStrictEqual(calls(), [[url.href]])
    }))
    assert.isFalse(existsSync(touched))
  })

  it("puts it where %s stands, among the other arguments, and else last", async () => {
    const url = address("&q=%s%%")
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["--new-tab", ["--new-tab", url.href]],
      ["%s --new-tab", [url.href, "--new-tab"]],
      ["--url=%s -v '%s' 100%% \"two words\" ''", [`--url=${url.href}`, "-v", url.href, "100%", "two words", ""]],
      ["100%%", ["100%", url.href]],
      ["$HOME `id` ;x", ["$HOME", "`id`", ";x", url.href]]
    ]
    await Promise.all(cases.map(async ([args, expected]) => {
      const { calls, path } = opener()
      await opens(`${path} ${args}`, url)
      assert.deepStrictEqual(calls(), [expected])
    }))
  })

  it("starts a program whose path has blanks in it, as it stands or in quotes", async () => {
    const url = address()
    const names = ["my browser", "my  other 'browser", "my third browser"].map((name) => opener("", name))
    const [plain, odd, quoted] = names
    await Promise.all([opens(plain?.path ?? ""), opens(odd?.path ?? ""), opens(`"${quoted?.path}" --new %s`)])
    assert.deepStrictEqual(names.map(({ calls }) => calls()), [[[url.href]], [[url.href]], [["--new", url.href]]])
  })

  it("tries each entry once until one works, whatever is wrong with those before", async () => {
    const [fails, works, later] = [opener("sleep 0.3; exit 1"), opener(), opener()]
    const [locked, noProgram] = [join(folder, "locked"), join(folder, "noProgram")]
    writeFileSync(locked, "#!/bin/sh\n", { mode: 0o644 })
    writeFileSync(noProgram, "\u007fELF is no program", { mode: 0o755 })
    const entries = [join(folder, "absent"), "absent-from-the-path", "''", folder, locked, noProgram, "", fails.path]
    const result = await opens([...entries, works.path, later.path].join(":"))
    assert.isTrue(Either.isRight(result))
    assert.deepStrictEqual([fails, works, later].map(({ calls }) => calls().length), [1, 1, 0])
  })

  it("fails when none works", async () => {
    const [first, second] = [opener("exit 1"), opener("exit 7")]
    const failing = [join(folder, "absent"), `${first.path}:${second.path}`, `${folder}/x y:''`]
    const results = await Promise.all(failing.map((browser) => opens(browser)))
    assert.deepStrictEqual(results.map(Either.isLeft), [true, true, true])
    assert.deepStrictEqual([first.calls().length, second.calls().length], [1, 1])
  })

  it("takes a program that does not end for the browser itself, and starts no other", async () => {
    const [browser, other] = [opener(hangs), opener()]
    assert.isTrue(Either.isRight(await opens(`${browser.path}:${other.path}`)))
    await browser.started()
    assert.isTrue(browser.isAlive())
    assert.deepStrictEqual(other.calls(), [])
  })

  it("takes one that is killed soon for one that failed", async () => {
    const [crashes, other] = [opener("kill -9 $$"), opener()]
    assert.isTrue(Either.isRight(await opens(`${crashes.path}:${other.path}`)))
    assert.deepStrictEqual([crashes.calls().length, other.calls().length], [1, 1])
  })

  it("lets go of a program at once when it is interrupted, which goes on, and holds nothing", async () => {
    const before = Leaks.held()
    const handles = () => process.getActiveResourcesInfo().filter((name) => /process/i.test(name)).length
    const had = handles()
    const [browser, other] = [opener(hangs), opener()]
    const fiber = Effect.runFork(openBy(`${browser.path}:${other.path}`))
    await browser.started()
    // It waits for this long enough to be seen, but holds no process for it.
    assert.deepStrictEqual(await Leaks.leaked(before), [])
    await Effect.runPromise(Fiber.interrupt(fiber))
    assert.deepStrictEqual(await Leaks.leaked(before), [])
    await Effect.runPromise(Harness.until(() => handles() <= had))
    assert.isTrue(browser.isAlive())
    assert.deepStrictEqual(other.calls(), [])
  })

  it.runIf(isLinux)("gives it nothing of this process's input, output, terminal and group", async () => {
    const spy = opener(
      "fds=$(for i in 0 2; do readlink /proc/$$/fd/$i; done); out=$(readlink /proc/$$/fd/1)\n" +
        'printf "%s\\n" "$fds" "$out" > "$0.fds"; cat /proc/$$/stat > "$0.stat"'
    )
    await opens(spy.path)
    const pid = await spy.started()
    assert.strictEqual(spy.wrote("fds"), "/dev/null\n".repeat(3))
    // Name in brackets, state, parent, group, session, terminal.
    const [, , group, session, terminal] = spy.wrote("stat")?.replace(/^.*\) /s, "").split(" ").map(Number) ?? []
    assert.deepStrictEqual([group, session, terminal], [pid, pid, 0])
  })
})

/** An answer in the address bar, which the host takes. */
const answered = { code: "c0de" }

const failed = Texts.english.browserFailed
const heading = (serverName: string, opening: boolean) => Texts.english.signIn({ serverName, opening })

/** The screen of a sign-in, to its end. */
const screenOf = (serverName: string, opening: boolean) =>
  new RegExp(`${heading(serverName, opening)} .* http://127\\.0\\.0\\.1:\\d+/callback`)

/** Children of a process that have ended, and that it has not asked about. */
const zombiesOf = (parent: number): ReadonlyArray<string> =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
      return new RegExp(`\\) Z ${parent} `).test(stat) ? [stat] : []
    } catch {
      return []
    }
  })

describe.runIf(canRunScripts).concurrent("open, in a program that signs in", { timeout: 60_000 }, () => {
  it("neither waits for an opener nor ends it, shows nothing of it, and lets the process end while it runs", async () => {
    const noise = "head -c 1000000 /dev/zero | tr '\\0' x"
    const [noisy, crashes, fails, slow] = [
      opener(`${noise}; ${noise} >&2; : > "$0.done"; ${hangs}`),
      opener("kill -9 $$"),
      opener("exit 1"),
      opener(hangs)
    ]
    const host = Planned.start({
      signIns: [
        { name: "noisy", env: { BROWSER: noisy.path } },
        { name: "crashes", env: { BROWSER: crashes.path } },
        { name: "fails", env: { BROWSER: `${join(folder, "absent")}:${fails.path}` } },
        { name: "slow", env: { BROWSER: slow.path } }
      ]
    })
    await noisy.started()
    await Planned.until(() => noisy.wrote("done") !== undefined, () => "the end of the noise")
    await host.browse("noisy", answered)
    await crashes.started()
    await host.browse("crashes", answered)
    await host.shows(new RegExp(`to fails\\. .* ${failed}`))
    await host.browse("fails", answered)
    await slow.started()
    if (isLinux) assert.deepStrictEqual(zombiesOf(host.pid), [])
    await host.browse("slow", answered)
    const ended = await host.ended
    assert.isTrue(noisy.isAlive())
    assert.isTrue(slow.isAlive())
    assert.deepStrictEqual([ended.code, ended.signal], [0, null])
    assert.deepStrictEqual(ended.endings, ["noisy http", "crashes http", "fails http", "slow http"])
    // As long as that: a `state` may have two.
    assert.notInclude(ended.stderr + ended.stdout, "x".repeat(12))
    for (const name of ["noisy", "crashes", "fails", "slow"]) assert.include(ended.stderr, heading(name, true))
    assert.strictEqual(fails.calls().length, 1)
    assert.isDefined(ended.held.before)
    assert.deepStrictEqual(ended.held.after, ended.held.before)
  })

  it("says once that no browser could be opened, and goes on", async () => {
    const fails = opener("exit 1")
    const host = Planned.start({
      signIns: [{ name: "mail", env: { BROWSER: [fails.path, fails.path, join(folder, "absent")].join(":") } }]
    })
    await host.shows(failed)
    await host.browse("mail", answered)
    const { code, stderr } = await host.ended
    assert.strictEqual(code, 0)
    assert.strictEqual(stderr.split(failed).length - 1, 1)
    assert.strictEqual(fails.calls().length, 2)
  })

  it.runIf(Planned.hasTerminal)(
    "leaves an opener neither the terminal nor a keystroke, nor to the terminal's ^C",
    async () => {
      const [thief, browser] = [opener('head -c 9 > "$0.in"; head -c 9 < /dev/tty > "$0.tty"'), opener(hangs)]
      const host = Planned.start({
        signIns: [
          { name: "mail", env: { BROWSER: thief.path } },
          { name: "wiki", env: { BROWSER: browser.path }, options: { paste: false } }
        ]
      }, { columns: 80, env: { TERM: "xterm" } })
      await thief.started()
      await host.shows(screenOf("mail", true))
      host.type(`${(await host.answer("mail", answered)).href}\r`)
      await browser.started()
      await host.shows(screenOf("wiki", true))
      // Of the terminal's own making: it goes to every process of its foreground group.
      host.type("\u0003")
      const ended = await host.ended
      assert.strictEqual(ended.code, 128 + 2)
      assert.deepStrictEqual(ended.endings, ["mail paste"])
      assert.deepStrictEqual([thief.wrote("in"), thief.wrote("tty") ?? ""], ["", ""])
      assert.isTrue(browser.isAlive())
    }
  )
})

const isWsl = /microsoft/i.test(release())

/** The only programs there are: what `xdg-open` needs, and the desktop of this test. */
const desktop = () => {
  const name = `bin${++count}`
  const bin = join(folder, name)
  mkdirSync(bin)
  const needed = ["grep", "sed", "uname", "cut", "tr", "head", "cat", "basename", "dirname", "readlink", "printf"]
  for (const tool of needed) {
    const found = (process.env["PATH"] ?? "").split(delimiter).map((path) => join(path, tool)).find(existsSync)
    if (found !== undefined) symlinkSync(found, join(bin, tool))
  }
  const program = (file: string, then = "") => opener(then, join(name, file))
  const env = { PATH: bin, HOME: bin, XDG_CURRENT_DESKTOP: "X-Generic", XDG_RUNTIME_DIR: bin, DISPLAY: ":0" }
  return { bin, program, env }
}

describe.runIf(isLinux && !isWsl).concurrent("open, by the system", { timeout: 60_000 }, () => {
  it("goes by xdg-open where BROWSER is not set, and nowhere where BROWSER forbids it", async () => {
    const { bin, env, program } = desktop()
    const browser = program("x-www-browser", 'test -z "$FAIL"')
    const portal = program("gdbus", hangs)
    const touched = join(folder, "touchedByDesktop")
    const query = `&q=$(touch$IFS${touched});touch$IFS${touched}&a=%s'"\`touch$IFS${touched}\``
    const wrong = opener("exit 1")
    const host = Planned.start({
      signIns: [
        { name: "none", env: { BROWSER: "none" } },
        { name: "mail", query, env: { BROWSER: "" } },
        { name: "wrong", env: { BROWSER: wrong.path } },
        { name: "fails", env: { BROWSER: "", FAIL: "yes" } },
        { name: "flatpak", query, env: {} }
      ]
    }, { env })
    const next = async (name: string) => await host.browse(name, answered)
    await host.shows(screenOf("none", false))
    await next("none")
    await browser.started()
    await next("mail")
    await wrong.started()
    await host.shows(new RegExp(`to wrong\\. .* ${failed}`))
    await next("wrong")
    await host.shows(new RegExp(`to fails\\. .* ${failed}`))
    writeFileSync(join(bin, "flatpak-info"), "")
    await next("fails")
    await portal.started()
    await next("flatpak")
    const { code, events } = await host.ended
    assert.strictEqual(code, 0)
    assert.isTrue(portal.isAlive())
    const urlOf = (name: string) => String(events.find(({ begun }) => begun === name)?.["url"])
    assert.deepStrictEqual(browser.calls().slice(0, 2), [[urlOf("mail")], [urlOf("fails")]])
    assert.strictEqual(portal.calls()[0]?.at(-2), urlOf("flatpak"))
    assert.include(portal.calls().join(" "), "org.freedesktop.portal.OpenURI.OpenURI")
    assert.isFalse(existsSync(touched))
    assert.strictEqual(wrong.calls().length, 1, "each entry of BROWSER is tried once")
  })
})

const networkOnly = ["--allow-net=127.0.0.1"]
const question = /Deno requests|Cannot prompt|NotCapable|requires \S+ access/

describe.runIf("Deno" in globalThis && Planned.hasTerminal).concurrent("open, where Deno may not do everything", {
  timeout: 60_000
}, () => {
  it("asks for no permission, opens nothing, says so, and finishes by a request, or a paste with `ps`, at a terminal", async () => {
    const browser = opener()
    const few: ReadonlyArray<ReadonlyArray<string>> = [[], ["--allow-read", "--allow-env", "--allow-sys"], [
      "--allow-run=ps"
    ]]
    await Promise.all(few.map(async (permissions) => {
      const host = Planned.start({
        signIns: [{ name: "mail", options: { paste: false } }, { name: "wiki" }]
      }, {
        columns: 80,
        permissions: [...networkOnly, ...permissions],
        env: { TERM: "xterm", DISPLAY: ":0", BROWSER: browser.path, SSH_CONNECTION: "192.0.2.1 50000 192.0.2.2 22" }
      })
      await host.shows(screenOf("mail", false))
      await host.browse("mail", answered)
      await host.shows(screenOf("wiki", false))
      const canPaste = permissions.includes("--allow-run=ps")
      if (canPaste) host.type(`${(await host.answer("wiki", answered)).href}\r`)
      else await host.browse("wiki", answered)
      const ended = await host.ended
      assert.deepStrictEqual(ended.endings, ["mail http", canPaste ? "wiki paste" : "wiki http"])
      assert.strictEqual(ended.code, 0)
      assert.notMatch(ended.stderr, question)
      // Where the variable is read, it names the program.
      const program = permissions.includes("--allow-env") ? browser.path : "xdg-open"
      const permission = `--allow-env --allow-run=${program}`
      assert.include(ended.shown, Texts.english.browserNotAllowed({ permission }))
    }))
    assert.deepStrictEqual(browser.calls(), [])
  })

  it("does the same without a terminal and without questions", async () => {
    const host = Planned.start({ signIns: [{ name: "mail" }, { name: "wiki" }] }, {
      permissions: [...networkOnly, "--no-prompt"],
      stdin: "pipe",
      env: { DISPLAY: ":0", BROWSER: join(folder, "absent") }
    })
    await host.shows(screenOf("mail", false))
    await host.browse("mail", answered)
    await host.shows(screenOf("wiki", false))
    host.type(`${(await host.answer("wiki", answered)).href}\n`)
    const ended = await host.ended
    assert.deepStrictEqual(ended.endings, ["mail http", "wiki paste"])
    assert.notMatch(ended.stderr, question)
  })

  it("announces and tries nothing that would need a permission that is not granted", async () => {
    const { env } = desktop()
    const browser = opener()
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, Record<string, string>]> = [
      [["--allow-run", "--allow-env=BROWSER,DISPLAY", "--allow-read"], { BROWSER: browser.path }],
      [["--allow-run", "--allow-env=DISPLAY", "--allow-read", "--allow-sys"], {}],
      [["--allow-env", "--allow-read", "--allow-sys"], { BROWSER: browser.path }],
      [[`--allow-run=${process.execPath}`, "--allow-env"], {}],
      [[`--allow-run=${process.execPath}`, "--allow-env"], { BROWSER: `"" %s:${browser.path}` }]
    ]
    await Promise.all(cases.map(async ([permissions, more]) => {
      const host = Planned.start({ signIns: [{ name: "mail", options: { paste: false } }] }, {
        columns: 200,
        permissions: [...networkOnly, ...permissions],
        env: { ...env, TERM: "xterm", ...more }
      })
      await host.shows(screenOf("mail", false))
      assert.strictEqual(await host.browse("mail", answered), 200, permissions.join(" "))
      const ended = await host.ended
      assert.notMatch(ended.stderr, question)
      assert.notInclude(ended.stderr, failed)
      assert.deepStrictEqual(ended.endings, ["mail http"])
    }))
    assert.deepStrictEqual(browser.calls(), [])
  })

  it("opens a browser that it may start", async () => {
    const own = opener()
    const host = Planned.start({ signIns: [{ name: "mail" }] }, {
      permissions: [...networkOnly, "--no-prompt", `--allow-run=${own.path}`, "--allow-env"],
      env: { BROWSER: `${join(folder, "absent")}:${own.path}` }
    })
    await own.started()
    await host.shows(screenOf("mail", true))
    await host.browse("mail", answered)
    assert.strictEqual((await host.ended).code, 0)
  })

  it.runIf(isLinux && !isWsl)(
    "goes by the system's own xdg-open, and asks for nothing where there is none",
    async () => {
      const [having, lacking] = [desktop(), desktop()]
      const systems = having.program("xdg-open")
      const start = (env: Record<string, string>, ...permissions: ReadonlyArray<string>) =>
        Planned.start({ signIns: [{ name: "mail", options: { paste: false } }] }, {
          columns: 200,
          permissions: [
            ...networkOnly,
            // This program alone is enough, where it is there.
            env === having.env ? "--allow-run=xdg-open" : "--allow-run",
            "--allow-env",
            ...permissions
          ],
          env: { TERM: "xterm", ...env }
        })
      const hosts = [
        start(having.env),
        start(lacking.env),
        start(lacking.env, "--allow-read"),
        start(lacking.env, "--allow-sys"),
        // The library, which looks for WSL where Deno lets nobody look.
        start(lacking.env, "--allow-read", "--allow-sys")
      ]
      await systems.started()
      await Promise.all(hosts.map(async (host, index) => {
        await host.shows(index === 0 ? screenOf("mail", true) : failed)
        await host.browse("mail", answered)
        const ended = await host.ended
        assert.strictEqual(ended.code, 0)
        assert.notMatch(ended.stderr, question)
      }))
      const [url] = (await hosts[0]?.ended)?.events ?? []
      assert.deepStrictEqual(systems.calls(), [[String(url?.["url"])]])
    }
  )
})
