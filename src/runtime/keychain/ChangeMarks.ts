/**
 * How processes see at once that another one changed an entry of the keychain, which itself takes milliseconds to ask: each
 * change replaces a small file beside, whose state tells changes apart. Nothing secret is in it.
 */
import { createHash, randomUUID } from "node:crypto"
import { statSync } from "node:fs"
import * as Fs from "node:fs/promises"
import { join } from "node:path"
import { attempt } from "../attempt.ts"
import * as PrivateFolder from "../PrivateFolder.ts"

/** The files by which processes see each other's changes. */
export interface ChangeMarks {
  /** Another value after each `touch` of this name, in whichever process. */
  readonly revision: (name: string) => unknown
  /** Never fails: where no file can be made, others see a change when a token is refused, or about to expire. */
  readonly touch: (name: string) => Promise<void>
}

/** The marks in a folder, which is made when it is needed. */
export const at = (folder: string): ChangeMarks => {
  const fileOf = (name: string) =>
    join(folder, `${createHash("sha256").update(name).digest("hex").slice(0, 32)}.changed`)
  return {
    revision: (name) => {
      const found = attempt(() => statSync(fileOf(name), { bigint: true }))
      return found === undefined ? undefined : `${found.mtimeNs} ${found.ino} ${found.size}`
    },
    touch: async (name) => {
      const file = fileOf(name)
      const temporary = `${file}.${randomUUID()}.tmp`
      const write = () => Fs.writeFile(temporary, randomUUID(), { flag: "wx", mode: 0o600 })
      try {
        await write().catch(async () => {
          await PrivateFolder.at(folder).prepare()
          await write()
        })
        await Fs.rename(temporary, file)
      } catch {
        await Fs.rm(temporary, { force: true }).catch(() => {})
      }
    }
  }
}
