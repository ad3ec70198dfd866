/**
 * Sign-ins that wait, in a table of a SQL database: PostgreSQL, and SQLite from 3.35 on. `query` stands for that of your client:
 * `pool.query(sql, parameters)` of `pg`, or `sql.unsafe(sql, parameters)` of `@effect/sql`.
 *
 *     node sqlPendingStore.ts --local      (SQLite in memory; Node 22.13 or later, Deno)
 */
import { createHostedSignIn, type PendingStore } from "effect-oauth-callback/promise"
import process from "node:process"
import { headingOf, whileListening, withLocal } from "./local.ts"
import { makeListener } from "./makeListener.ts"

/** Runs a statement, and gives its rows. */
export type Query = (sql: string, parameters: ReadonlyArray<string | number>) => Promise<ReadonlyArray<unknown>>

/** The table. Texts are encrypted, and keys are digests, so that nobody who reads it can finish a sign-in. */
export const table = `CREATE TABLE IF NOT EXISTS pending_sign_in (
  key text PRIMARY KEY,
  text text NOT NULL,
  expires_at bigint NOT NULL
)`

/** What has run out, for a job that runs each hour or so. */
export const sweep = (query: Query): Promise<unknown> =>
  query("DELETE FROM pending_sign_in WHERE expires_at <= $1", [Date.now()])

/** The store. Each step is one statement, so it is one step among all machines too. */
export const sqlPendingStore = (query: Query): PendingStore => ({
  putIfAbsent: async (key, text, ttlMillis) => {
    const now = Date.now()
    // One that has run out makes room.
    const rows = await query(
      `INSERT INTO pending_sign_in (key, text, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT (key) DO UPDATE SET text = excluded.text, expires_at = excluded.expires_at
       WHERE pending_sign_in.expires_at <= $4 RETURNING key`,
      [key, text, now + ttlMillis, now]
    )
    return rows.length === 1
  },
  take: async (key) => {
    const [row] = await query("DELETE FROM pending_sign_in WHERE key = $1 RETURNING text, expires_at", [key])
    // PostgreSQL's clients give a bigint as a text.
    const { expires_at, text } = Object(row)
    return Number(expires_at) > Date.now() ? String(text) : undefined
  }
})

const runLocally = async (): Promise<void> => {
  const sqlite = "node:sqlite"
  const { DatabaseSync } = await import(sqlite)
  const database = new DatabaseSync(":memory:")
  database.exec(table)
  // deno-lint-ignore require-await
  const query: Query = async (sql, parameters) => database.prepare(sql.replace(/\$\d/g, "?")).all(...parameters)
  const store = sqlPendingStore(query)
  // Of ten at the same time one puts, and one takes.
  const put = await Promise.all(Array.from({ length: 10 }, () => store.putIfAbsent("key", "text", 60_000)))
  const took = await Promise.all(Array.from({ length: 10 }, () => store.take("key")))
  await store.putIfAbsent("late", "text", -1)
  const isRoom = await store.putIfAbsent("late", "another text", -1)
  const late = await store.take("late")
  console.log(put.filter(Boolean).length, took.filter((text) => text === "text").length, isRoom, late)

  await withLocal(({ browse, serverUrl }) =>
    whileListening(async (publicUrl, listen) => {
      const texts = new Map<string, string>()
      const hosted = await createHostedSignIn({
        redirectUri: `${publicUrl}/oauth/callback`,
        store,
        credentials: {
          get: (name) => texts.get(name),
          set: (name, text) => texts.set(name, text),
          delete: (name) => texts.delete(name)
        },
        // Only here: by default nothing is sent to addresses of this machine.
        guard: () => true
      })
      listen(makeListener(hosted, serverUrl))
      console.log(headingOf(await browse(`${publicUrl}/connect`)))
      await hosted.close()
    })
  )
  database.close()
}

if (process.argv.includes("--local")) await runLocally()
