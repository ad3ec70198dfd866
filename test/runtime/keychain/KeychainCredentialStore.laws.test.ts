import { afterAll, beforeAll, describe } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { make, ownKeychain } from "../../../src/runtime/keychain/KeychainCredentialStore.ts"
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

  credentialStoreLaws(
    "a store in the keychain",
    Effect.sync(() => {
      const appName = randomUUID()
      return make({ keychain: ownKeychain(appName), folder: join(home, appName) })
    })
  )
})
