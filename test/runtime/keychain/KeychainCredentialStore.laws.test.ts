import { afterAll, beforeAll, describe } from "@effect/vitest"
import { Effect } from "effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { make, ownKeychain } from "../../../src/runtime/keychain/KeychainCredentialStore.ts"
import * as KeychainTexts from "../../../src/runtime/keychain/KeychainTexts.ts"
import { credentialStoreLaws } from "../../fixtures/credentialStoreLaws.ts"
import { makeHome, missingKeyring, openSession, type Session } from "../../fixtures/GnomeKeyring.ts"

// A thousand questions to the keyring take half a minute: `npm run soak` asks them.
describe.skipIf(process.env["SOAK"] === undefined || missingKeyring() !== undefined)("a real GNOME Keyring", () => {
  let home = ""
  let session: Session | undefined
  const before = process.env["DBUS_SESSION_BUS_ADDRESS"]

  beforeAll(async () => {
    home = makeHome()
    session = await openSession(home, "unlocked")
    process.env["DBUS_SESSION_BUS_ADDRESS"] = session.env["DBUS_SESSION_BUS_ADDRESS"]
  })
  afterAll(async () => {
    await session?.close()
    if (before === undefined) delete process.env["DBUS_SESSION_BUS_ADDRESS"]
    else process.env["DBUS_SESSION_BUS_ADDRESS"] = before
    rmSync(home, { recursive: true, force: true })
  })

  // One for all, emptied after each: every entry has a connection to the bus, which has room for 256.
  const keychain = ownKeychain("laws")
  const texts = KeychainTexts.make(keychain, (effect) => effect)
  credentialStoreLaws(
    "a store in the keychain",
    Effect.acquireRelease(
      Effect.sync(() => make({ keychain, folder: join(home, "laws") })),
      () => Effect.orDie(Effect.flatMap(texts.list, (names) => Effect.forEach(names, texts.delete)))
    ),
    { takesTurns: true }
  )
})
