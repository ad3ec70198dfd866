/**
 * Leases as a chain of generations in a folder. To take one a process first listens on a socket of its own, then makes the
 * next generation by a hard link, which only one process can. The others connect to its socket, and wait there.
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import { isBeside } from "../../core/lease/Generation.ts"
import { type Connection, heartbeatInterval, type Seen, type Verdict, verdict } from "../../core/lease/Verdict.ts"
import type { CredentialStoreError } from "../../services/CredentialStore.ts"
import { knock, stay } from "./HolderConnection.ts"
import * as HolderSocket from "./HolderSocket.ts"
import { hostOf } from "./host.ts"
import { type Lease, type Leases, lost, unusable } from "./Lease.ts"
import * as LeaseFiles from "./LeaseFiles.ts"
import * as LocalLease from "./LocalLease.ts"
import { pause } from "./pause.ts"
import { reporter } from "./reporter.ts"
import { within } from "./within.ts"

/** For longer than this no release is waited for: what it does then goes on alone. */
const releaseMillis = 500

/** Folders where sockets of killed processes were removed by this process. */
const swept = new Set<string>()

const socketOf = (folder: string, { content }: LeaseFiles.Found): string | undefined =>
  content._tag === "Held" ? HolderSocket.pathOf(folder, content.holder.socket) : undefined

const seenAtFirst = ({ content }: LeaseFiles.Found, closings: number): Seen => ({
  content,
  isSameHost: content._tag !== "Held" ||
    content.holder.host === hostOf(isBeside(content.holder.socket)),
  closings
})

/** Leases in a folder that exists and that only this user can enter. */
export const at = (folder: string): Leases => {
  // A file operation goes on when its fiber is interrupted, so the next one must wait for it all the same.
  const step = <A>(run: () => Promise<A>): Effect.Effect<A, CredentialStoreError> =>
    Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => unusable(folder, cause) }))

  const localName = (name: string) => `${folder}\0${name}`
  const filesOf = (name: string) => LeaseFiles.at(folder, createHash("sha256").update(name).digest("hex").slice(0, 16))

  const removeDeadSockets = ({ names, writtenAt }: LeaseFiles.Claimed): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (swept.has(folder)) return Effect.void
      swept.add(folder)
      return Effect.flatMap(
        Effect.promise(() => HolderSocket.leftIn(folder, names, writtenAt)),
        Effect.forEach((path) =>
          Effect.flatMap(knock(path), (connection) =>
            connection === "Refused"
              ? Effect.promise(() => Fs.unlink(path).catch(() => {}))
              : Effect.void), {
          discard: true
        })
      )
    })

  const leaseOf = (claimed: LeaseFiles.Claimed, socket: HolderSocket.HolderSocket) => {
    let lastBeat: Promise<unknown> = Promise.resolve()
    const heartbeat = setInterval(() => {
      lastBeat = claimed.touch().catch(() => {})
    }, heartbeatInterval)
    heartbeat.unref()
    const lease: Lease = {
      tell: (text) => Effect.sync(() => socket.tell(text)),
      assertHeld: Effect.filterOrFail(step(claimed.isHighest), (isHighest) => isHighest, () => lost(folder))
    }
    const release = Effect.promise(() => {
      clearInterval(heartbeat)
      return within(
        releaseMillis,
        socket.close().then(() => within(releaseMillis, lastBeat)).then(claimed.giveBack)
      )
    })
    return { lease, release }
  }

  /** Claims the generation after one that is free; `undefined`: somebody else was quicker. */
  const claimAfter = (files: LeaseFiles.LeaseFiles, found: LeaseFiles.Found) =>
    Effect.gen(function* () {
      const socket = yield* step(() => HolderSocket.open(folder))
      if (socket === undefined) return "Unsupported"
      const claim = yield* Effect.tapError(
        step(() => files.claim(found.generation + 1, socket)),
        () => Effect.promise(socket.close)
      )
      if (claim._tag !== "Claimed") {
        yield* Effect.promise(socket.close)
        return claim._tag
      }
      const { claimed } = claim
      const held = leaseOf(claimed, socket)
      yield* Effect.addFinalizer(() => held.release)
      const dead = socketOf(folder, found)
      yield* Effect.promise(() =>
        Promise.all([files.sweep(claimed), dead === undefined ? undefined : Fs.unlink(dead).catch(() => {})])
      )
      yield* removeDeadSockets(claimed)
      return held.lease
    })

  /** Looks as closely as it takes to know whether the lease is free. */
  const judge = (
    files: LeaseFiles.LeaseFiles,
    found: LeaseFiles.Found,
    closings: number,
    connect: (path: string) => Effect.Effect<Connection>
  ): Effect.Effect<Exclude<Verdict, "AskHeartbeat" | "Connect">, CredentialStoreError> => {
    const next = (seen: Seen): ReturnType<typeof judge> => {
      const what = verdict(seen)
      switch (what) {
        case "AskHeartbeat":
          return Effect.flatMap(
            step(() => files.age(found.generation)),
            (heartbeatAge) => next({ ...seen, heartbeatAge })
          )
        case "Connect":
          return Effect.flatMap(
            connect(socketOf(folder, found) ?? ""),
            (connection) => next({ ...seen, connection })
          )
        default:
          return Effect.succeed(what)
      }
    }
    return next(seenAtFirst(found, closings))
  }

  const exclusively: Leases["exclusively"] = (name, options = {}) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const files = filesOf(name)
        const report = reporter(options)
        let met = { generation: 0, closings: 0 }
        // Asked before anything is connected to, which Deno would ask the person about.
        let canBe = HolderSocket.isPermitted(folder)
        while (canBe) {
          const found = yield* restore(step(files.find))
          if (met.generation !== found.generation) met = { generation: found.generation, closings: 0 }
          const pid = found.content._tag === "Held" ? found.content.holder.pid : undefined
          // A holder that is stopped says nothing, but its system connects.
          const onConnect = () => report({ pid, told: undefined })
          const connect = (path: string) => stay(path, { onConnect, onLine: report })
          const judged = yield* restore(judge(files, found, met.closings++, connect))
          if (judged === "LookLater") {
            onConnect()
            yield* restore(pause)
          } else if (judged === "Free") {
            const claimed = yield* claimAfter(files, found)
            if (claimed === "Unsupported") canBe = false
            else if (claimed !== "Taken") return claimed
          }
        }
        return yield* restore(LocalLease.exclusively(localName(name), options))
      })
    )

  const isFree: Leases["isFree"] = (name) =>
    Effect.gen(function* () {
      if (!LocalLease.isFree(localName(name))) return false
      if (!HolderSocket.isPermitted(folder)) return true
      const files = filesOf(name)
      return (yield* judge(files, yield* step(files.find), 0, knock)) === "Free"
    })

  return { exclusively, isFree }
}
