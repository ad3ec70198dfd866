import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Query, sqlPendingStore, table } from "../../scripts/examples/sqlPendingStore.ts"
import { pendingStoreLaws } from "../fixtures/pendingStoreLaws.ts"

interface Database {
  readonly exec: (sql: string) => void
  readonly prepare: (sql: string) => {
    readonly all: (...parameters: ReadonlyArray<string | number>) => Array<Record<string, unknown>>
  }
  readonly close: () => void
}

// Node 22.13, 24 and Deno have it; its types are not those of Node 20.
const sqlite = (process as unknown as {
  readonly getBuiltinModule?: (name: string) => { readonly DatabaseSync: new (path: string) => Database } | undefined
}).getBuiltinModule?.("node:sqlite")

/** Two connections to one file, as two processes have them. */
const pair = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "pending-"))
      const open = (): Database => {
        const { DatabaseSync } = sqlite ?? { DatabaseSync: undefined as never }
        const database = new DatabaseSync(join(folder, "pending.db"))
        database.exec("PRAGMA busy_timeout = 5000")
        database.exec(table)
        return database
      }
      return { folder, databases: [open(), open()] as const }
    }),
    ({ databases, folder }) =>
      Effect.sync(() => {
        for (const database of databases) database.close()
        rmSync(folder, { recursive: true })
      })
  ),
  ({ databases: [one, two] }) => {
    const query = (database: Database): Query => (sql, parameters) =>
      Promise.resolve(database.prepare(sql).all(...parameters))
    return [sqlPendingStore(query(one)), sqlPendingStore(query(two))] as const
  }
)

describe.skipIf(sqlite === undefined)("the recipe for SQL", () => {
  pendingStoreLaws("SQLite, by two connections", pair)
})
