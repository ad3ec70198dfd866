import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { spawnSync } from "node:child_process"
import process from "node:process"
import { canOpen, chooseBrowser, type Command, systemCommands } from "../../../src/core/terminal/BrowserChoice.ts"
import type { Surroundings } from "../../../src/core/terminal/Surroundings.ts"

const url = new URL("https://as.example/authorize?client_id=x&state=y")
const { href } = url

const command = (program: string, ...args: ReadonlyArray<string>): Command => ({ program, args })

const where = (platform: string, env: Surroundings["env"] = {}, rest: Partial<Surroundings> = {}): Surroundings => ({
  platform,
  env,
  ...rest
})

const onScreen = { DISPLAY: ":0" }
const overSsh = { SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1 22" }

describe("the system's own way", () => {
  it.each<[string, Surroundings, boolean]>([
    ["a Mac", where("darwin"), true],
    ["Windows", where("win32"), true],
    ["a Linux with a screen", where("linux", onScreen), true],
    ["a BSD with a screen", where("freebsd", onScreen), true],
    ["WSL, where it is the browser of Windows", where("linux", { WSL_DISTRO_NAME: "Ubuntu" }), true],
    ["a toolbox", where("linux", onScreen, { containerFile: true }), true],
    ["a Flatpak", where("linux", { container: "flatpak", ...onScreen }), true],
    ["a Linux without a screen", where("linux"), false],
    ["SSH", where("linux", { ...overSsh, ...onScreen }), false],
    ["SSH to a Mac", where("darwin", overSsh), false],
    ["a container", where("linux", {}, { containerFile: true }), false],
    ["a codespace", where("linux", { CODESPACES: "true" }), false],
    ["CI", where("linux", { CI: "true", ...onScreen }), false],
    ["CI on Windows", where("win32", { CI: "true" }), false]
  ])("is for a screen that the person sees: %s", (_name, surroundings, system) => {
    assert.deepStrictEqual(chooseBrowser(surroundings, url), { commands: [], system })
    assert.strictEqual(canOpen(chooseBrowser(surroundings, url)), system)
  })
})

describe("the system's own programs", () => {
  const handler = "url.dll,FileProtocolHandler"
  const windows = command("C:\\Windows\\System32\\rundll32.exe", handler, href)
  const wsl = ["/mnt/c/Windows/System32/rundll32.exe", "rundll32.exe"].map((program) => command(program, handler, href))

  it.each<[string, Surroundings, ReadonlyArray<Command>]>([
    ["a Mac", where("darwin"), [command("open", href)]],
    ["a Linux", where("linux", onScreen), [command("xdg-open", href)]],
    ["a BSD", where("freebsd", onScreen), [command("xdg-open", href)]],
    ["Windows", where("win32"), [windows]],
    ["Windows in a folder of its own", where("win32", { SystemRoot: "D:\\WinNT\\" }), [
      command("D:\\WinNT\\System32\\rundll32.exe", handler, href)
    ]],
    ...["", "Windows", "\\Windows", ".", 'C:\\a"b'].map((
      SystemRoot
    ): [string, Surroundings, ReadonlyArray<Command>] => [
      `Windows where SystemRoot is ${SystemRoot || "empty"}, and no folder for certain`,
      where("win32", { SystemRoot }),
      [windows]
    ]),
    ["WSL", where("linux", { WSL_DISTRO_NAME: "Ubuntu" }), wsl],
    ["WSL by its release", where("linux", onScreen, { release: "5.15-microsoft-standard-WSL2" }), wsl]
  ])("are no shell, and get the URL as one argument: %s", (_name, surroundings, commands) => {
    assert.deepStrictEqual(systemCommands(surroundings, url), commands)
  })

  it("are none on Windows for a URL that is longer than what they take there", () => {
    const long = (length: number) => new URL(href + "x".repeat(length - href.length))
    for (const surroundings of [where("win32"), where("linux", { WSL_INTEROP: "1" })]) {
      assert.isNotEmpty(systemCommands(surroundings, long(2000)))
      assert.deepStrictEqual(systemCommands(surroundings, long(2001)), [])
    }
    assert.lengthOf(systemCommands(where("darwin"), long(9000)), 1)
  })

  it.prop("leave nothing for Windows to take apart, whatever is in the URL", [
    FastCheck.webUrl({ withFragments: true, withQueryParameters: true }),
    FastCheck.string()
  ], ([base, more]) => {
    const url = new URL(base)
    url.search += more
    url.hash += more
    for (const { args, program } of systemCommands(where("win32"), url)) {
      assert.notMatch(args.join(""), /[\s"<>]/)
      assert.notMatch(program, /cmd|powershell/i)
    }
  })
})

describe("BROWSER", () => {
  it.each<[string, string, ReadonlyArray<Command>]>([
    ["a program", "firefox", [command("firefox", href)]],
    ["blanks around it", "  firefox ", [command("firefox", href)]],
    ["a path", "/usr/bin/firefox", [command("/usr/bin/firefox", href)]],
    ["arguments", "firefox --new-tab", [command("firefox", "--new-tab", href)]],
    ["a place for the address", "lynx -dump %s -nolist", [command("lynx", "-dump", href, "-nolist")]],
    ["a place within an option", "chromium --app=%s", [command("chromium", `--app=${href}`)]],
    ["a percent sign", "show 100%% %s", [command("show", "100%", href)]],
    ["several marks in a word", "show %%s-%s-%% %%", [command("show", `%s-${href}-%`, "%")]],
    ["a percent sign before an s", "show %%s", [command("show", "%s", href)]],
    ["other marks, which mean nothing", "show %u %d %", [command("show", "%u", "%d", "%", href)]],
    ["double quotes", 'show "a b" %s', [command("show", "a b", href)]],
    ["single quotes", "show 'a b' %s", [command("show", "a b", href)]],
    ["quotes within a word", "show --title='a b'c %s", [command("show", "--title=a bc", href)]],
    ["quotes within quotes", `show "it's" '"x"'`, [command("show", "it's", '"x"', href)]],
    ["a quoted place for the address", 'firefox "%s"', [command("firefox", href)]],
    ["an empty argument", "show '' %s", [command("show", "", href)]],
    ["a quoted path with blanks", "'/opt/My Browser/run' -x", [command("/opt/My Browser/run", "-x", href)]],
    ["what a shell would expand", "show $HOME `id` ~ *", [command("show", "$HOME", "`id`", "~", "*", href)]],
    ["a program in the background", "firefox &", [command("firefox", href)]],
    [
      "a list, in its order",
      "firefox:chromium --new-window %s::  :w3m",
      [command("firefox", href), command("chromium", "--new-window", href), command("w3m", href)]
    ]
  ])("may hold %s", (_name, browser, commands) => {
    const way = chooseBrowser(where("linux", { BROWSER: browser }), url)
    // A path with blanks may also be one program: that is tried first, and fails.
    assert.deepStrictEqual(way.commands.filter(({ program }) => !/["']/.test(program)), commands)
    assert.isTrue(canOpen(way))
  })

  it("may be a path with blanks, or a path and its arguments: the first that works", () => {
    assert.deepStrictEqual(chooseBrowser(where("linux", { BROWSER: "/opt/My Browser/run" }), url).commands, [
      command("/opt/My Browser/run", href),
      command("/opt/My", "Browser/run", href)
    ])
  })

  it.each<[string, Surroundings]>([
    ["SSH, where an editor sets it", where("linux", { ...overSsh, BROWSER: "/helpers/browser.sh" })],
    ["a codespace", where("linux", { CODESPACES: "true", BROWSER: "/helpers/browser.sh" })],
    ["a container", where("linux", { BROWSER: "/helpers/browser.sh" }, { containerFile: true })],
    ["a dev container", where("linux", { REMOTE_CONTAINERS: "true", BROWSER: "/helpers/browser.sh" })],
    ["a Linux without a screen", where("linux", { BROWSER: "/helpers/browser.sh" })],
    ["CI, where a test sets it", where("linux", { CI: "true", BROWSER: "/helpers/browser.sh" })]
  ])("holds everywhere, and nothing comes after it where there is no screen: %s", (_name, surroundings) => {
    const way = chooseBrowser(surroundings, url)
    assert.deepStrictEqual(way, { commands: [command("/helpers/browser.sh", href)], system: false })
    assert.isTrue(canOpen(way))
  })

  it("leaves nothing to the system, whose own way would start the same once more", () => {
    for (const surroundings of [where("linux", onScreen), where("win32"), where("linux", { WSL_DISTRO_NAME: "U" })]) {
      const env = { ...surroundings.env, BROWSER: "firefox" }
      assert.deepStrictEqual(chooseBrowser({ ...surroundings, env }, url), {
        commands: [command("firefox", href)],
        system: false
      })
    }
  })

  it.each(["none", "NONE", "false", "0", "firefox:none", "none:firefox", " none "])(
    "forbids every browser: %s",
    (browser) => {
      for (const platform of ["linux", "darwin"]) {
        const way = chooseBrowser(where(platform, { ...onScreen, BROWSER: browser }), url)
        assert.deepStrictEqual(way, { commands: [], system: false })
        assert.isFalse(canOpen(way))
      }
    }
  )

  it("forbids every browser in a list of Windows too", () => {
    assert.isFalse(canOpen(chooseBrowser(where("win32", { BROWSER: "C:\\firefox.exe;none" }), url)))
  })

  it.each(["", "  ", ":", " : :"])("says nothing when it is empty: %j", (browser) => {
    assert.deepStrictEqual(chooseBrowser(where("darwin", { BROWSER: browser }), url), { commands: [], system: true })
    assert.deepStrictEqual(chooseBrowser(where("linux", { BROWSER: browser }), url), { commands: [], system: false })
  })

  it.each(['""', "''", '"" %s', "&"])("starts no program without a name: %s", (browser) => {
    for (const platform of ["linux", "win32"]) {
      const way = chooseBrowser(where(platform, { ...onScreen, BROWSER: browser }), url)
      assert.deepStrictEqual(way, { commands: [], system: false })
    }
  })

  it.each<[string, string, ReadonlyArray<Command>]>([
    ["a program, or an app of that name", "firefox", [
      command("firefox", href),
      command("open", "-a", "firefox", href)
    ]],
    [
      "an app of two words",
      "Google Chrome",
      [command("Google", "Chrome", href), command("open", "-a", "Google Chrome", href)]
    ],
    ["a path, which is no app's name", "/usr/local/bin/lynx", [command("/usr/local/bin/lynx", href)]],
    [
      "a list of both",
      "/usr/local/bin/lynx:Safari",
      [command("/usr/local/bin/lynx", href), command("Safari", href), command("open", "-a", "Safari", href)]
    ]
  ])("names on a Mac %s", (_name, browser, commands) => {
    assert.deepStrictEqual(chooseBrowser(where("darwin", { BROWSER: browser }), url), { commands, system: false })
  })

  it("is divided on Windows by semicolons, for a drive has a colon", () => {
    const browser = "C:\\firefox.exe;D:\\tools\\chrome.exe --app=%s;msedge"
    const { commands } = chooseBrowser(where("win32", { BROWSER: browser }), url)
    assert.deepStrictEqual(commands.filter(({ program }) => !program.includes("%s")), [
      command("C:\\firefox.exe", href),
      command("D:\\tools\\chrome.exe", `--app=${href}`),
      command("msedge", href)
    ])
  })

  it("may be a path of Windows with blanks, with or without quotes", () => {
    const path = "C:\\Program Files\\Mozilla Firefox\\firefox.exe"
    const { commands } = chooseBrowser(where("win32", { BROWSER: path }), url)
    assert.deepStrictEqual(commands, [command(path, href)], "and nothing starts C:\\Program")
    const quoted = chooseBrowser(where("win32", { BROWSER: `"${path}" -new-tab` }), url).commands
    assert.deepInclude(quoted, command(path, "-new-tab", href))
  })

  it("is not looked for under another name", () => {
    assert.isFalse(canOpen(chooseBrowser(where("linux", { browser: "firefox", Browser: "firefox" }), url)))
  })
})

/** Everything that a shell or a template could take for more than a part of an address. */
const anyUrl = FastCheck.tuple(
  FastCheck.constantFrom("http:", "https:"),
  FastCheck.constantFrom("/", "?", "#", "/a?b=c&", "?redirect_uri="),
  FastCheck.array(
    FastCheck.oneof(
      FastCheck.constantFrom(
        "$(id)",
        "`id`",
        ";id",
        "&",
        "&&id",
        "|id",
        "'",
        '"',
        "%s",
        "%%",
        "%%s",
        "%20",
        "$&",
        "$1"
      ),
      FastCheck.constantFrom("\\", " ", "\t", "\n", "<", ">", "(", ")", "{", "}", "*", "~", "!", "^", "--", "é", "😀"),
      FastCheck.string({ maxLength: 3 })
    ),
    { maxLength: 6 }
  )
).map(([protocol, mark, parts]) => new URL(`${protocol}//as.example${mark}${parts.join("")}`))

/** Whatever stands in the variable, a shell's own options apart. */
const anyBrowser = FastCheck.array(
  FastCheck.oneof(
    FastCheck.constantFrom(
      "firefox",
      "/opt/My Browser/run",
      "C:\\Program Files\\x.exe",
      "--app=%s",
      "%s",
      '"%s"',
      "%%"
    ),
    FastCheck.constantFrom("'a b'", '"', "'", " ", "  ", ":", ";", "&", "-x", "$(id)", "`id`", "|", "\\", "none"),
    FastCheck.constantFrom('sh -c "firefox %s"', "sh -c '%s'", "cmd /c start %s", "powershell -Command Start %s"),
    FastCheck.string({ maxLength: 4 })
  ),
  { maxLength: 6 }
).map((parts) => parts.join(" "))

const anyPlatform = FastCheck.constantFrom("linux", "darwin", "win32", "freebsd")

describe("the address", () => {
  it.prop("is in every command, unchanged, and in no argument with other words", [
    anyPlatform,
    anyBrowser,
    anyUrl
  ], ([platform, browser, url]) => {
    for (const { args, program } of chooseBrowser(where(platform, { BROWSER: browser }), url).commands) {
      assert.notInclude(program, url.href, "it is no program")
      const holders = args.filter((arg) => arg.includes(url.href))
      assert.isAbove(holders.length, 0)
      for (const holder of holders) {
        assert.strictEqual(holder.split(url.href).length, 2, "once")
        assert.notMatch(holder.replace(url.href, ""), /\s/, "among other words it would be a line of a shell")
      }
    }
  }, { fastCheck: { numRuns: 2000 } })

  it.each<[string, string]>([
    ["linux", 'sh -c "firefox %s"'],
    ["linux", "/bin/bash -c 'firefox \"%s\" &'"],
    ["linux", "sh -c %s"],
    ["darwin", "/bin/zsh -c 'open %s'"],
    ["win32", "cmd /c start %s"],
    ["win32", "C:\\Windows\\System32\\cmd.exe /c start"],
    ["win32", "wt.exe cmd /c start %s"],
    ["win32", "busybox.exe ash /c %s"],
    ["win32", 'powershell -Command "Start %s"'],
    ["win32", "powershell -Command Start-Process"],
    ["linux", "powershell.exe /c start"],
    ["linux", "/mnt/c/Windows/System32/WindowsPowerShell/v1.0/PowerShell.exe -NoProfile Start"],
    ["linux", "pwsh -c Start-Process"],
    ["linux", "powershell.exe"]
  ])("never becomes part of a shell's line: %s %s", (platform, browser) => {
    const { commands } = chooseBrowser(where(platform, { BROWSER: browser }), url)
    assert.deepStrictEqual(commands, [])
  })

  it("may be an argument of a script of a shell, where it is only that", () => {
    const { commands } = chooseBrowser(where("linux", { BROWSER: `sh -c 'firefox "$1"' _ %s` }), url)
    assert.deepStrictEqual(commands, [command("sh", "-c", 'firefox "$1"', "_", href)])
  })

  it("arrives in a real program as one argument", () => {
    const urls = FastCheck.sample(anyUrl, 6)
    const script = "process.stdout.write(JSON.stringify(process.argv.slice(-3)))"
    for (const url of urls) {
      const browser = `'${process.execPath}' ${"Deno" in globalThis ? "eval" : "-e"} '${script}' a %s "b c"`
      const [, found] = chooseBrowser(where("linux", { BROWSER: browser }), url).commands
      const { program, args } = found ?? command("")
      const { stdout } = spawnSync(program, args, { shell: false, encoding: "utf8" })
      assert.deepStrictEqual(JSON.parse(stdout), ["a", url.href, "b c"])
    }
  })

  it.each([
    "file:///etc/passwd",
    "javascript:alert(1)",
    "ftp://as.example/",
    "ms-settings:privacy",
    "vscode://x/y",
    "data:text/html,x",
    "mailto:a@b.example",
    "httpx://as.example/"
  ])("is opened by nothing unless it is http or https: %s", (address) => {
    for (const platform of ["linux", "darwin", "win32"]) {
      const way = chooseBrowser(where(platform, { ...onScreen, BROWSER: "firefox" }), new URL(address))
      assert.deepStrictEqual(way, { commands: [], system: false })
    }
  })
})
