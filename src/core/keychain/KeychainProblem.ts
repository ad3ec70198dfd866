/**
 * What keeps a program from its keychain, and what to do about it, in words.
 */

/** What is missing, or went wrong. */
export type KeychainProblem =
  | "Busless"
  | "BusUnknown"
  | "BusUnreachable"
  | "ServiceMissing"
  | "ServiceFailed"
  | "Silent"
  | "Locked"
  | "Dismissed"
  | "PackageMissing"
  | "PackageOld"
  | "PackageBroken"
  | "SystemUnknown"
  | "Failed"

const startService = "Start one (GNOME Keyring, KWallet or KeePassXC)"

const texts: Readonly<Record<KeychainProblem, readonly [happened: string, todo: string]>> = {
  Busless: [
    "there is no keychain here, because there is no D-Bus session: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR " +
    "is set",
    "Sign in to a desktop, or run the program by `dbus-run-session` with a keychain in it"
  ],
  BusUnknown: [
    "DBUS_SESSION_BUS_ADDRESS names no Unix socket, so the keychain cannot be reached",
    "Set it to the address of the session, such as unix:path=/run/user/1000/bus"
  ],
  BusUnreachable: [
    "the D-Bus session cannot be reached, so neither can the keychain",
    "Check that the socket in DBUS_SESSION_BUS_ADDRESS, or $XDG_RUNTIME_DIR/bus, is there and yours"
  ],
  ServiceMissing: [
    "there is no keychain here: nothing in the D-Bus session provides a Secret Service (org.freedesktop.secrets)",
    startService
  ],
  ServiceFailed: ["the Secret Service (org.freedesktop.secrets) of the D-Bus session fails", startService],
  Silent: ["the keychain did not answer within 5 seconds", "Try again, or restart it"],
  Locked: ["the keychain is locked", "Unlock it"],
  Dismissed: [
    "the keychain is locked, and the question for its password was dismissed, or could not be shown",
    "Unlock it"
  ],
  PackageMissing: ["the package @napi-rs/keyring is not installed", "Run: npm install @napi-rs/keyring"],
  PackageOld: [
    "this version of @napi-rs/keyring may use another place in silence where there is no keychain",
    "Run: npm install @napi-rs/keyring@2"
  ],
  PackageBroken: [
    "the package @napi-rs/keyring cannot be loaded",
    "Run: npm install @napi-rs/keyring. On Deno, grant --allow-ffi, --allow-read, --allow-write and --allow-env"
  ],
  SystemUnknown: ["no keychain of this system is known", ""],
  Failed: ["the keychain fails", "Check it"]
}

const asFiles = "keep credentials in files: `layerFile({ appName })`, or in ./promise `store: { appName }`"

/**
 * The sentences for a problem: what happened, what to do, and which store needs no keychain.
 *
 * @param said - What the system or the library said, printable and without secrets.
 */
export const wordsFor = (problem: KeychainProblem, said = ""): string => {
  const [happened, todo] = texts[problem]
  return `${happened}${said === "" ? "" : ` (${said})`}. ${
    todo === "" ? `K${asFiles.slice(1)}` : `${todo}, or ${asFiles}`
  }`
}

const byMessage: ReadonlyArray<readonly [RegExp, KeychainProblem]> = [
  // Secret Service; then errSecUserCanceled of macOS.
  [/prompt was dismissed|user cancell?ed/i, "Dismissed"],
  // errSecInteractionNotAllowed and errSecAuthFailed of macOS: a session without a screen, or a wrong password.
  [/locked|user interaction is not allowed|user name or passphrase/i, "Locked"],
  [/was not provided by any|name has no owner/i, "ServiceMissing"],
  [/failed to connect to socket|failed to open connection|autolaunch/i, "BusUnreachable"],
  [/did not receive a reply|timed? ?out/i, "Silent"]
]

/** What the message of an error of `@napi-rs/keyring` means. */
export const problemOf = (message: string): KeychainProblem =>
  byMessage.find(([pattern]) => pattern.test(message))?.[1] ?? "Failed"

/** What an error that a call over D-Bus is answered with means. */
export const problemOfBusError = (name: string): KeychainProblem =>
  /\.(ServiceUnknown|NameHasNoOwner)$/.test(name)
    ? "ServiceMissing"
    : /\.(NoReply|Timeout|TimedOut)$/.test(name)
    ? "Silent"
    : "ServiceFailed"
