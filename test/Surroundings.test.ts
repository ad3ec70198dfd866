import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { opensBrowser } from "../src/core/Surroundings.ts"

describe("opensBrowser", () => {
  it.each<[string, string, Record<string, string | undefined>, boolean]>([
    ["opens one on a Mac", "darwin", {}, true],
    ["opens one on Windows", "win32", {}, true],
    ["opens one on a Linux with X", "linux", { DISPLAY: ":0" }, true],
    ["opens one on a Linux with Wayland", "linux", { WAYLAND_DISPLAY: "wayland-0" }, true],
    ["opens the one of Windows in WSL", "linux", { WSL_DISTRO_NAME: "Ubuntu" }, true],
    ["opens none on a Linux without a display", "linux", {}, false],
    ["opens none on a Linux with an empty display", "linux", { DISPLAY: "" }, false],
    ["opens none over SSH", "darwin", { SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1 22" }, false],
    ["opens none over SSH with a terminal", "linux", { DISPLAY: "localhost:10.0", SSH_TTY: "/dev/pts/0" }, false],
    ["opens none over an old SSH", "win32", { SSH_CLIENT: "10.0.0.2 50000 22" }, false],
    ["opens none in CI", "darwin", { CI: "true" }, false],
    ["opens none in a CI that says 1", "linux", { CI: "1", DISPLAY: ":0" }, false],
    ["opens one where CI is set to nothing", "darwin", { CI: "" }, true],
    ["opens one where CI is 0", "darwin", { CI: "0" }, true],
    ["opens none where BROWSER is none", "darwin", { BROWSER: "none" }, false],
    ["opens one where BROWSER names one", "darwin", { BROWSER: "firefox" }, true],
    ["opens none on a BSD without a display", "freebsd", {}, false],
    ["opens one on a BSD with a display", "freebsd", { DISPLAY: ":0" }, true]
  ])("%s", (_name, platform, env, expected) => {
    assert.strictEqual(opensBrowser({ platform, env }), expected)
  })

  it.prop("opens none over SSH, whatever else is set", [
    FastCheck.constantFrom("linux", "darwin", "win32", "freebsd", "aix"),
    FastCheck.dictionary(
      FastCheck.constantFrom("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "CI", "BROWSER"),
      FastCheck.string()
    ),
    FastCheck.constantFrom("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
  ], ([platform, env, name]) => {
    assert.isFalse(opensBrowser({ platform, env: { ...env, [name]: "yes" } }))
  })
})
