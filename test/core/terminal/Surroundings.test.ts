import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { spawnSync } from "node:child_process"
import {
  type Place,
  placeOf,
  sshForward,
  type Surroundings,
  variables
} from "../../../src/core/terminal/Surroundings.ts"

const overSsh = { SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1 22" }
const onScreen = { DISPLAY: ":0" }
const wslRelease = "5.15.167.4-microsoft-standard-WSL2"

describe("placeOf", () => {
  it.each<[string, Partial<Surroundings>, Place]>([
    ["a Mac", { platform: "darwin" }, "local"],
    ["Windows", { platform: "win32" }, "local"],
    ["a phone, whose browser is its own", { platform: "android" }, "local"],
    ["a Linux with X", { env: onScreen }, "local"],
    ["a Linux with Wayland", { env: { WAYLAND_DISPLAY: "wayland-0" } }, "local"],
    ["a Linux without a screen", {}, "headless"],
    ["a Linux whose DISPLAY is empty", { env: { DISPLAY: "" } }, "headless"],
    ["a BSD with X", { platform: "freebsd", env: onScreen }, "local"],
    ["a BSD without a screen", { platform: "freebsd" }, "headless"],
    ["a system nobody has heard of", { platform: "haiku" }, "headless"],

    ["SSH to a Linux", { env: overSsh }, "ssh"],
    ["SSH to a Linux with X forwarded", { env: { ...overSsh, DISPLAY: "localhost:10.0" } }, "ssh"],
    ["SSH with a terminal and nothing else", { env: { SSH_TTY: "/dev/pts/0" } }, "ssh"],
    ["SSH of old", { env: { SSH_CLIENT: "10.0.0.2 50000 22" } }, "ssh"],
    ["SSH to a Mac", { platform: "darwin", env: overSsh }, "ssh"],
    ["SSH to Windows", { platform: "win32", env: overSsh }, "ssh"],
    ["SSH into WSL", { env: { ...overSsh, WSL_DISTRO_NAME: "Ubuntu" }, release: wslRelease }, "ssh"],
    ["SSH into a container", { env: overSsh, containerFile: true }, "ssh"],
    ["an SSH variable that is empty", { env: { SSH_CONNECTION: "", ...onScreen } }, "local"],

    ["WSL by its name", { env: { WSL_DISTRO_NAME: "Ubuntu" } }, "wsl"],
    ["WSL by its socket", { env: { WSL_INTEROP: "/run/WSL/8_interop" } }, "wsl"],
    ["WSL 2 by its release", { release: wslRelease }, "wsl"],
    ["WSL 1 by its release", { release: "4.4.0-19041-Microsoft" }, "wsl"],
    ["WSL with windows of its own", { env: { ...onScreen, WSL_DISTRO_NAME: "Ubuntu" } }, "wsl"],
    ["a Linux of another release", { release: "6.1.0-13-amd64" }, "headless"],

    ["a container by a file in it", { containerFile: true }, "container"],
    ["a container by its variable", { env: { container: "podman" } }, "container"],
    ["a pod", { env: { KUBERNETES_SERVICE_HOST: "10.96.0.1" } }, "container"],
    ["a dev container", { env: { REMOTE_CONTAINERS: "true" } }, "container"],
    ["a dev container that was lent a screen", { env: { REMOTE_CONTAINERS: "true", ...onScreen } }, "container"],
    ["a container on Windows, whose kernel is WSL's", { containerFile: true, release: wslRelease }, "container"],
    ["a toolbox, which has the screen and the network", { containerFile: true, env: onScreen }, "local"],
    ["a Flatpak", { env: { container: "flatpak", WAYLAND_DISPLAY: "wayland-0" } }, "local"],

    ["a codespace", { env: { CODESPACES: "true" }, containerFile: true }, "codespace"],
    ["a codespace by SSH", { env: { CODESPACES: "true", ...overSsh } }, "codespace"],
    ["CODESPACES that says false", { env: { CODESPACES: "false", ...onScreen } }, "local"],

    ["CI", { env: { CI: "true" } }, "ci"],
    ["CI that says 1", { env: { CI: "1", ...onScreen } }, "ci"],
    ["CI on a Mac", { platform: "darwin", env: { CI: "true" } }, "ci"],
    ["CI in a container", { env: { CI: "woodpecker" }, containerFile: true }, "ci"],
    ["Azure Pipelines, which sets no CI", { env: { TF_BUILD: "True" } }, "ci"],
    ["Jenkins, which sets no CI", { env: { JENKINS_URL: "https://jenkins.example/" } }, "ci"],
    ["TeamCity, which sets no CI", { env: { TEAMCITY_VERSION: "2024.12" } }, "ci"],
    ["CodeBuild, which sets no CI", { env: { CODEBUILD_BUILD_ID: "build:1" } }, "ci"],
    ["CI that is empty", { env: { CI: "", ...onScreen } }, "local"],
    ["CI that is 0", { env: { CI: "0", ...onScreen } }, "local"],
    ["CI that is no", { env: { CI: "no", ...onScreen } }, "local"],
    ["CI that is off", { env: { CI: "off", ...onScreen } }, "local"],
    ["CI that has a 0 in it", { env: { CI: "10", ...onScreen } }, "ci"],
    ["CI that is false", { env: { CI: "False", ...onScreen } }, "local"]
  ])("finds %s", (_name, { env = {}, platform = "linux", ...rest }, place) => {
    assert.strictEqual(placeOf({ platform, env, ...rest }), place)
  })

  const values = FastCheck.option(FastCheck.oneof(FastCheck.string(), FastCheck.constantFrom("1", "0", "")), {
    nil: undefined
  })
  const anywhere = FastCheck.record({
    platform: FastCheck.constantFrom("linux", "darwin", "win32", "freebsd", "aix"),
    env: FastCheck.dictionary(FastCheck.constantFrom(...variables), values),
    release: FastCheck.constantFrom(undefined, wslRelease, "6.1.0-13-amd64"),
    containerFile: FastCheck.constantFrom(undefined, true, false)
  })

  it.prop("knows no screen of the person's own over SSH, whatever else is set", [
    anywhere,
    FastCheck.constantFrom("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
  ], ([where, name]) => {
    assert.include(["ssh", "codespace", "ci"], placeOf({ ...where, env: { ...where.env, [name]: "yes" } }))
  })

  it.prop("looks at no variable but those it names", [anywhere], ([where]) => {
    const asked = new Set<string>()
    const env = new Proxy(where.env, {
      get: (target, name) => {
        asked.add(String(name))
        return Reflect.get(target, name)
      }
    })
    placeOf({ ...where, env })
    sshForward({ ...where, env }, "http://127.0.0.1:49152/callback")
    for (const name of asked) assert.include(variables, name)
  })
})

describe("variables", () => {
  it("are each named once", () => {
    assert.strictEqual(new Set(variables).size, variables.length)
  })

  it.each(["BROWSER", "FORCE_HYPERLINK", "NO_COLOR", "SystemRoot", "TERM"])(
    "are those of browsers and screens too: %s",
    (name) => {
      assert.include(variables, name)
    }
  )
})

const callback = "http://127.0.0.1:49152/callback"

const ssh = (env: Surroundings["env"], redirectUri = callback, hostname?: string) =>
  sshForward({ platform: "linux", env, hostname }, redirectUri)

const jane = { USER: "jane", ...overSsh }

describe("sshForward", () => {
  it.each<[string, Surroundings["env"], string]>([
    ["the address by which this machine was reached", jane, "jane@10.0.0.1"],
    [
      "an address of IPv6, without brackets",
      { USER: "jane", SSH_CONNECTION: "2001:db8::2 50000 2001:db8::1 22" },
      "jane@2001:db8::1"
    ],
    ["an address that begins with a colon", { USER: "jane", SSH_CONNECTION: "::1 50000 ::1 22" }, "jane@::1"],
    [
      "the name where the address holds only on its own network card",
      { USER: "jane", SSH_CONNECTION: "fe80::2%eth0 50000 fe80::1%eth0 22" },
      "jane@box"
    ],
    ["another port", { USER: "jane", SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1 2222" }, "-p 2222 jane@10.0.0.1"],
    ["blanks around and between", { USER: "jane", SSH_CONNECTION: "  10.0.0.2\t50000  10.0.0.1 22 " }, "jane@10.0.0.1"],
    ["only the older variable", { USER: "jane", SSH_CLIENT: "10.0.0.2 50000 22" }, "jane@box"],
    [
      "only the older variable, with another port",
      { USER: "jane", SSH_CLIENT: "10.0.0.2 50000 2222" },
      "-p 2222 jane@box"
    ],
    ["only a terminal", { USER: "jane", SSH_TTY: "/dev/pts/0" }, "jane@box"],
    ["a variable with too few words", { USER: "jane", SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1" }, "jane@box"],
    ["a variable with too many words", { USER: "jane", SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1 22 x" }, "jane@box"],
    [
      "a connection that sshd knows nothing of",
      { USER: "jane", SSH_CONNECTION: "UNKNOWN 65535 UNKNOWN 65535" },
      "jane@box"
    ],
    ["no user", overSsh, "10.0.0.1"],
    ["a user by the second name", { LOGNAME: "jane", ...overSsh }, "jane@10.0.0.1"],
    ["a user by the name on Windows", { USERNAME: "Jane", ...overSsh }, "Jane@10.0.0.1"],
    ["an empty user beside another", { USER: "", LOGNAME: "jane", ...overSsh }, "jane@10.0.0.1"],
    ["a user with dots and dashes", { USER: "jane.doe-2_x", ...overSsh }, "jane.doe-2_x@10.0.0.1"],
    ["a user with a blank", { USER: "Jane Doe", ...overSsh }, "10.0.0.1"],
    ["a user that is an option", { USER: "-oProxyCommand=id", ...overSsh }, "10.0.0.1"],
    ["a user that a shell would expand", { USER: "jane$", ...overSsh }, "10.0.0.1"],
    ["a user that is a command", { USER: "$(id)", ...overSsh }, "10.0.0.1"],
    ["an address that is an option", { USER: "jane", SSH_CONNECTION: "a 1 -oProxyCommand=id 22" }, "jane@box"],
    ["an address that is a command", { USER: "jane", SSH_CONNECTION: "a 1 10.0.0.1;id 22" }, "jane@box"],
    ["a port that is a command", { USER: "jane", SSH_CONNECTION: "a 1 10.0.0.1 22;id" }, "jane@10.0.0.1"],
    ["a port that is none", { USER: "jane", SSH_CONNECTION: "a 1 10.0.0.1 123456" }, "jane@10.0.0.1"]
  ])("is right for %s", (_name, env, rest) => {
    assert.strictEqual(ssh(env, callback, "box"), `ssh -N -L 49152:127.0.0.1:49152 ${rest}`)
  })

  it.each<[string, string | undefined, string]>([
    ["a plain name", "box", "box"],
    ["a name with a domain", "build-7.corp.example", "build-7.corp.example"],
    ["no name", undefined, "this-machine"],
    ["an empty name", "", "this-machine"],
    ["a name that is an option", "-oProxyCommand=id", "this-machine"],
    ["a name that is a command", "box;id", "this-machine"],
    ["a name with a blank", "my box", "this-machine"]
  ])("names the machine where its address is not known, by %s", (_name, hostname, expected) => {
    assert.strictEqual(ssh({ USER: "jane" }, callback, hostname), `ssh -N -L 49152:127.0.0.1:49152 jane@${expected}`)
  })

  it.each<[string, string, string | undefined]>([
    ["127.0.0.1", "http://127.0.0.1:49152/callback", "49152:127.0.0.1:49152"],
    ["localhost", "http://localhost:8976/callback", "8976:localhost:8976"],
    // Quoted: to zsh, the shell of every Mac, brackets are a pattern of file names.
    ["[::1]", "http://[::1]:8976/callback", '"8976:[::1]:8976"'],
    ["a path of several parts", "http://127.0.0.1:1/a/b?app=1", "1:127.0.0.1:1"],
    ["no path", "http://127.0.0.1:49152", "49152:127.0.0.1:49152"],
    ["no path but a query", "http://127.0.0.1:49152?app=1", "49152:127.0.0.1:49152"],
    ["a port that is not written", "http://localhost/callback", "80:localhost:80"],
    ["https, which something else answers", "https://localhost:8443/callback", undefined],
    ["another host", "https://me.tunnel.example/callback", undefined],
    ["another host that begins alike", "http://127.0.0.1.evil.example:49152/callback", undefined],
    ["another host that begins with the name", "http://localhost.evil.example:49152/callback", undefined],
    ["a user that is named like the host", "http://127.0.0.1:49152@evil.example/", undefined],
    ["another address of the loopback", "http://127.0.0.2:49152/callback", undefined],
    ["an address of all", "http://0.0.0.0:49152/callback", undefined],
    ["what is no address", "nonsense", undefined]
  ])("forwards the port of %s", (_name, redirectUri, tunnel) => {
    assert.strictEqual(ssh(jane, redirectUri), tunnel === undefined ? undefined : `ssh -N -L ${tunnel} jane@10.0.0.1`)
  })

  const nasty = FastCheck.array(
    FastCheck.oneof(
      FastCheck.constantFrom(
        ...[
          "$(id)",
          "`id`",
          ";id",
          "&& id",
          "| id",
          "\nid",
          "\r",
          "$@",
          "$IFS",
          "~",
          "*",
          "{a,b}",
          "!!",
          "\\",
          "'",
          '"'
        ],
        ...[
          "#",
          "-oProxyCommand=id",
          "%PATH%",
          "@",
          "=",
          "<",
          ">",
          "\u0000",
          "\u001b[2J",
          "\u202e",
          " ",
          "jane",
          "10.0.0.1"
        ]
      ),
      FastCheck.string({ unit: "binary", maxLength: 4 })
    ),
    { maxLength: 4 }
  ).map((parts) => parts.join(""))

  const hostile = FastCheck.record({
    env: FastCheck.record({
      USER: nasty,
      LOGNAME: nasty,
      USERNAME: nasty,
      SSH_CLIENT: nasty.map((text) => `10.0.0.2 50000 ${text}`),
      SSH_CONNECTION: FastCheck.oneof(
        nasty,
        FastCheck.tuple(nasty, nasty).map(([address, port]) => `10.0.0.2 50000 ${address} ${port}`)
      )
    }),
    hostname: nasty,
    redirectUri: FastCheck.oneof(
      FastCheck.constantFrom(callback, "http://localhost:8976/callback", "http://[::1]:8976/callback"),
      nasty.map((text) => `http://127.0.0.1:49152/${text}`),
      nasty.map((text) => `http://127.0.0.1:${text}/`),
      nasty
    )
  })

  it.prop(
    "holds only letters that no shell reads as more, whatever is set",
    [hostile],
    ([{ redirectUri, ...where }]) => {
      const command = sshForward({ platform: "linux", ...where }, redirectUri)
      if (command === undefined) return
      assert.match(
        command,
        /^ssh -N -L (?:\d+:(?:127\.0\.0\.1|localhost):\d+|"\d+:\[::1\]:\d+") (?:-p \d{1,5} )?(?:\w[\w.-]*@)?[\w:][\w.:-]*$/
      )
    },
    { fastCheck: { numRuns: 2000 } }
  )

  it("is as many words to a real shell as are meant", () => {
    const commands = FastCheck.sample(hostile, 300)
      .map(({ redirectUri, ...where }) => sshForward({ platform: "linux", ...where }, redirectUri))
      .filter((command) => command !== undefined)
    assert.isAbove(commands.length, 50)
    const script = commands.map((command) => `words() { printf '%s\\n' "$#" "$*"; }; words ${command}`).join("\n")
    const shell = spawnSync("sh", ["-c", script], { encoding: "utf8" })
    assert.strictEqual(shell.stderr, "")
    assert.deepStrictEqual(
      shell.stdout.trimEnd().split("\n"),
      commands.flatMap((command) => [String(command.split(" ").length), command.replaceAll('"', "")])
    )
  })
})
