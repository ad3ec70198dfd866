/** The rows that have a target. */

/** Which way is better. */
export type Better = "lower" | "higher"

/** A row with a target. */
export interface Target {
  readonly name: string
  readonly target: number
  readonly better: Better
  /** `ratio`, or the unit of the figure. */
  readonly unit: "ratio" | "KiB" | "ms" | "µs"
}

const ratio = (name: string, target: number, better: Better = "lower"): Target => ({
  name,
  target,
  better,
  unit: "ratio"
})
const figure = (name: string, target: number, unit: Target["unit"]): Target => ({
  name: `${name}, ${unit}`,
  target,
  better: "lower",
  unit
})

/** A row's key. */
export type TargetKey =
  | "start"
  | "importing"
  | "signedIn"
  | "flowSequential"
  | "flowSequentialPromise"
  | "flowAtOnce"
  | "flowAtOncePromise"
  | "heap"
  | "heapPromise"
  | "callback"
  | "pasteSubmit"
  | "pasteStream"
  | "junk"
  | "fetch"
  | "fetchAdded"
  | "callbackOnPort"
  | "junkOnPort"
  | "relayed"
  | "relayedTime"
  | "takeover"
  | "lease"
  | "release"
  | "releaseIdle"

/** Rows without a target that can be chosen by their name, because no row with one is measured with them. */
export const shown = {
  hosted: "hosted: begin and handle, sign-ins a second on one core / a route by hand",
  hostedPending: "hosted: heap of each of 10,000 sign-ins that wait in memory"
} as const

/** The rows with a target. */
export const targets: Readonly<Record<TargetKey, Target>> = {
  start: ratio("./promise: process start, one callback, exit / raw node:http", 1.35),
  importing: ratio(". : import / importing the effect modules it uses", 1.15),
  signedIn: ratio("signed in: start to first authorized response / SDK client with a constant token", 1.3),
  flowSequential: ratio("one flow, sequential / raw receiver", 2.5),
  flowSequentialPromise: ratio("./promise: one flow, sequential / raw receiver", 2.5),
  flowAtOnce: ratio("one flow, 1,000 at once / raw receiver", 2.5),
  flowAtOncePromise: ratio("./promise: one flow, 1,000 at once / raw receiver", 2.5),
  heap: figure("heap of a waiting flow", 40, "KiB"),
  heapPromise: figure("./promise: heap of a waiting flow", 40, "KiB"),
  callback: ratio("one callback, with 1,000 flows waiting / with 10 waiting", 1.3),
  pasteSubmit: ratio("one pasted line by submit, with 1,000 flows waiting / with 1", 1.3),
  pasteStream: ratio("one pasted line by a stream, with 1,000 flows waiting / with 1", 1.3),
  junk: ratio("junk requests a second while a flow waits, wrong path / raw server, same answer", 0.7, "higher"),
  callbackOnPort: ratio("one callback, with 10,000 flows on one port waiting / with 10 waiting", 1.3),
  junkOnPort: ratio("a junk request, with 10,000 flows on one port waiting / with 10 waiting", 1.3),
  relayed: ratio("one callback, relayed by another process / to this one", 3),
  relayedTime: figure("one callback, relayed by another process", 10, "ms"),
  takeover: figure("takeover of a port whose holder was killed", 150, "ms"),
  fetch: ratio("oauth.fetch with a valid token / bare fetch, loopback", 1.1),
  fetchAdded: figure("oauth.fetch with a valid token, added to bare fetch", 50, "µs"),
  lease: figure("a turn among processes for a change of credentials, free", 5, "ms"),
  release: figure("release after success and the last page", 5, "ms"),
  releaseIdle: figure("release with 100 idle connections open", 50, "ms")
}
