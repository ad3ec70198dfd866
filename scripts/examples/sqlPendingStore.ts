/**
 * Sign-ins that wait, in a table of SQL. It runs as it is on SQLite 3.35 and later; for PostgreSQL write `$1`, `$2` …
 * in place of the question marks. Each step is one statement, so that no transaction is needed.
 */
import { PendingStore } from "effect-oauth-callback/hosted"

/** Runs a statement with its parameters, and gives its rows. */
export type Query = (
  sql: string,
  parameters: ReadonlyArray<string | number>
) => PromiseLike<ReadonlyArray<Readonly<Record<string, unknown>>>>

/** To be run once, by a migration. */
export const table =
  "CREATE TABLE IF NOT EXISTS pending_sign_ins (name TEXT PRIMARY KEY, text TEXT NOT NULL, until BIGINT NOT NULL)"

/** A store over this table. The clocks of all machines must agree to a few seconds. */
export const sqlPendingStore = (query: Query): PendingStore => {
  let sweepAt = 0
  return PendingStore.make({
    putIfAbsent: async (name, text, ttlMillis) => {
      const now = Date.now()
      if (now >= sweepAt) {
        sweepAt = now + 60_000
        await query("DELETE FROM pending_sign_ins WHERE until <= ?", [now])
      }
      const rows = await query(
        "INSERT INTO pending_sign_ins (name, text, until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE " +
          "SET text = excluded.text, until = excluded.until WHERE pending_sign_ins.until <= ? RETURNING name",
        [name, text, now + ttlMillis, now]
      )
      return rows.length === 1
    },
    take: async (name) => {
      const [row] = await query("DELETE FROM pending_sign_ins WHERE name = ? RETURNING text, until", [name])
      return row !== undefined && Number(row["until"]) > Date.now() ? String(row["text"]) : undefined
    }
  })
}
