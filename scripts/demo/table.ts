/**
 * The demo's output as pure functions of its results.
 */

/** How one sign-in went. */
export interface Row {
  readonly server: string
  /** Port of its redirect URI; absent when there was no flow. */
  readonly port?: number | undefined
  /** By stored credentials, by the redirect or the paste of a stand-in browser, or by the browser of the person. */
  readonly via: "store" | "http" | "paste" | "browser"
  readonly subject?: string | undefined
  readonly answer?: string | undefined
  readonly millis: number
  /** Why it failed; absent when it succeeded. */
  readonly problem?: string | undefined
}

/** What `--json` prints. */
export interface Summary {
  readonly servers: number
  readonly signedIn: number
  readonly toolCalls: number
  readonly distinctPorts: number
  readonly leaked: number
}

const columns: ReadonlyArray<{ readonly title: string; readonly right?: true; readonly of: (row: Row) => string }> = [
  { title: "server", of: (row) => row.server },
  { title: "port", right: true, of: (row) => String(row.port ?? "-") },
  { title: "via", of: (row) => row.via },
  { title: "subject", of: (row) => row.subject ?? "-" },
  { title: "tool answer", of: (row) => row.answer ?? "failed" },
  { title: "ms", right: true, of: (row) => String(Math.round(row.millis)) }
]

/** A line for each row; columns are as wide as their longest text. */
export const table = (rows: ReadonlyArray<Row>): string => {
  const cells = columns.map(({ title, of }) => [title, ...rows.map(of)])
  const widths = cells.map((column) => Math.max(...column.map((text) => text.length)))
  const line = (texts: ReadonlyArray<string>): string =>
    texts.map((text, index) => {
      const width = widths[index] ?? 0
      return columns[index]?.right === true ? text.padStart(width) : text.padEnd(width)
    }).join("  ").trimEnd()
  const [head = "", ...body] = Array.from(
    { length: rows.length + 1 },
    (_, index) => line(cells.map((column) => column[index] ?? ""))
  )
  return [head, widths.map((width) => "─".repeat(width)).join("  "), ...body].map((text) => `  ${text}\n`).join("")
}

/** Counts the rows by their results. */
export const summarize = (rows: ReadonlyArray<Row>, leaked: number): Summary => ({
  servers: rows.length,
  signedIn: rows.filter(({ subject }) => subject !== undefined).length,
  toolCalls: rows.filter(({ answer }) => answer !== undefined).length,
  distinctPorts: new Set(rows.flatMap(({ port }) => port ?? [])).size,
  leaked
})

/** How many were signed in by stored credentials. */
const countStored = (rows: ReadonlyArray<Row>): number =>
  rows.filter(({ subject, via }) => via === "store" && subject !== undefined).length

/** Whether everything worked. */
export const isComplete = (rows: ReadonlyArray<Row>, leaked: number): boolean => {
  const { distinctPorts, servers, signedIn, toolCalls } = summarize(rows, leaked)
  const sent = servers - countStored(rows)
  return servers > 0 && signedIn === servers && toolCalls === servers && distinctPorts === sent && leaked === 0
}

/** The part of the sentence that tells how they were signed in to. */
const ways = ({ distinctPorts, servers }: Summary, stored: number): string => {
  if (stored === 0) return `, each on its own port (${distinctPorts}),`
  if (stored === servers) return " with what was stored: no browser was needed,"
  return `, ${stored} with what was stored, the others each on its own port (${distinctPorts}),`
}

/** The last line for a person. */
export const sentence = (rows: ReadonlyArray<Row>, leaked: number, millis: number): string => {
  const summary = summarize(rows, leaked)
  const { servers, signedIn, toolCalls } = summary
  const left = leaked === 0 ? "Nothing was left open" : `${leaked} sockets or handles were LEFT OPEN`
  const counts = `${signedIn} of ${servers} signed in${ways(summary, countStored(rows))} ${toolCalls} tools called`
  return `${counts}, in ${(millis / 1000).toFixed(1)} s. ${left}.\n`
}
