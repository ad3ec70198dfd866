import { assert, describe, it } from "@effect/vitest"
import { problemOf, problemOfBusError, wordsFor } from "../../../src/core/keychain/KeychainProblem.ts"

describe("problemOf", () => {
  // As @napi-rs/keyring 2.1.2 said it on Debian, and as the errors of macOS are described.
  it.each([
    ["Couldn't access platform storage: Secret Service: unlock prompt was dismissed", "Dismissed"],
    [
      "Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files",
      "ServiceMissing"
    ],
    ["DBus error: Failed to connect to socket /tmp/x: No such file or directory", "BusUnreachable"],
    ["DBus error: Did not receive a reply. Possible causes include: the remote application", "Silent"],
    ["User canceled the operation.", "Dismissed"],
    ["User interaction is not allowed.", "Locked"],
    ["The user name or passphrase you entered is not correct.", "Locked"],
    ["something else", "Failed"]
  ])("%s", (message, problem) => assert.strictEqual(problemOf(message), problem))

  it("tells a service that is not there from one that fails", () => {
    assert.strictEqual(problemOfBusError("org.freedesktop.DBus.Error.ServiceUnknown"), "ServiceMissing")
    assert.strictEqual(problemOfBusError("org.freedesktop.DBus.Error.NoReply"), "Silent")
    assert.strictEqual(problemOfBusError("org.freedesktop.DBus.Error.UnknownMethod"), "ServiceFailed")
  })
})

describe("wordsFor", () => {
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
