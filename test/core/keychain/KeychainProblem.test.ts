import { assert, describe, it } from "@effect/vitest"
import {
  type KeychainProblem,
  problemOf,
  problemOfBusError,
  wordsFor
} from "../../../src/core/keychain/KeychainProblem.ts"

describe("problemOf", () => {
  // As @napi-rs/keyring 2.1.2 said it on Debian, and as the errors of macOS are described.
  it.each([
    ["Couldn't access platform storage: Secret Service: unlock prompt was dismissed", "Dismissed"],
    [
      "Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files",
      "ServiceMissing"
    ],
    ["DBus error: Failed to connect to socket /tmp/x: No such file or directory", "BusUnreachable"],
    ["DBus error: The Name Has No Owner", "ServiceMissing"],
    ["Timed out", "Silent"],
    ["request TIMEOUT", "Silent"],
    ["DBus error: Did not receive a reply. Possible causes include: the remote application", "Silent"],
    ["User canceled the operation.", "Dismissed"],
    ["User interaction is not allowed.", "Locked"],
    ["The user name or passphrase you entered is not correct.", "Locked"],
    ["something else", "Failed"]
  ])("%s", (message, problem) => assert.strictEqual(problemOf(message), problem))

  it("tells a service that is not there from one that fails", () => {
    assert.strictEqual(problemOfBusError("org.freedesktop.DBus.Error.ServiceUnknown"), "ServiceMissing")
    assert.strictEqual(problemOfBusError("org.freedesktop.DBus.Error.NoReply"), "Silent")
    for (const name of ["UnknownMethod", "ServiceUnknown.Other", "NoReply2"]) {
      assert.strictEqual(problemOfBusError(`org.freedesktop.DBus.Error.${name}`), "ServiceFailed")
    }
  })
})

describe("wordsFor", () => {
  const start = "Start one (GNOME Keyring, KWallet or KeePassXC)"

  it.each<[KeychainProblem, string]>([
    [
      "Busless",
      "there is no keychain here, because there is no D-Bus session: neither DBUS_SESSION_BUS_ADDRESS nor " +
      "XDG_RUNTIME_DIR is set. Sign in to a desktop, or run the program by `dbus-run-session` with a keychain in it"
    ],
    [
      "BusUnknown",
      "DBUS_SESSION_BUS_ADDRESS names no Unix socket, so the keychain cannot be reached. Set it to the address of the " +
      "session, such as unix:path=/run/user/1000/bus"
    ],
    [
      "BusUnreachable",
      "the D-Bus session cannot be reached, so neither can the keychain. Check that the socket in " +
      "DBUS_SESSION_BUS_ADDRESS, or $XDG_RUNTIME_DIR/bus, is there and yours"
    ],
    [
      "ServiceMissing",
      "there is no keychain here: nothing in the D-Bus session provides a Secret Service (org.freedesktop.secrets). " +
      start
    ],
    ["ServiceFailed", `the Secret Service (org.freedesktop.secrets) of the D-Bus session fails. ${start}`],
    ["Silent", "the keychain did not answer within 5 seconds. Try again, or restart it"],
    ["Locked", "the keychain is locked. Unlock it"],
    [
      "Dismissed",
      "the keychain is locked, and the question for its password was dismissed, or could not be shown. Unlock it"
    ],
    [
      "PackageOld",
      "this version of @napi-rs/keyring may use another place in silence where there is no keychain. " +
      "Run: npm install @napi-rs/keyring@2"
    ],
    [
      "PackageBroken",
      "the package @napi-rs/keyring cannot be loaded. Run: npm install @napi-rs/keyring. On Deno, grant --allow-ffi, " +
      "--allow-read, --allow-write and --allow-env"
    ]
  ])("says what happened and what to do: %s", (problem, words) => {
    assert.isTrue(wordsFor(problem).startsWith(`${words}, or keep credentials in files: `), wordsFor(problem))
  })

  it("names the package's install line, and the store that needs no keychain", () => {
    assert.strictEqual(
      wordsFor("PackageMissing"),
      "the package @napi-rs/keyring is not installed. Run: npm install @napi-rs/keyring, or keep credentials in files: " +
        "`layerFile({ appName })`, or in ./promise `store: { appName }`"
    )
    assert.strictEqual(
      wordsFor("SystemUnknown"),
      "no keychain of this system is known. Keep credentials in files: `layerFile({ appName })`, or in ./promise " +
        "`store: { appName }`"
    )
    assert.include(wordsFor("Failed", "code 5"), "the keychain fails (code 5). Check it, or keep")
  })
})
