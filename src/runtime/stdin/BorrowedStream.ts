/**
 * Takes a host's stream for a while, a terminal in raw mode, and gives it back as it was found. The same on Node, Deno
 * and Bun.
 */
import { holdsAnswer } from "../../core/paste/PastedText.ts"
import { attempt } from "../attempt.ts"
import { type Input, watchHost } from "./InputStream.ts"

/** The part of `process.stderr` that is used. */
export interface Output {
  write(text: string): unknown
}

/** What happens to a borrowed stream. */
export interface Borrower {
  readonly data: (chunk: Uint8Array | string) => void
  /** The stream ended, or broke. */
  readonly end: () => void
  /** The host starts to read: call `giveBack` before returning. */
  readonly reclaimed: () => void
}

/** A stream that was taken. */
export interface BorrowedStream {
  /** Whether it is a terminal in raw mode. */
  readonly isRaw: boolean
  /**
   * Leaves the stream as it was found: listeners, flow, terminal mode. Call it once.
   *
   * @param unread - Text that was read and not used: the host's next reader gets it, unless it may be an answer.
   * @param keepsMode - Leaves the terminal's mode alone: it is somebody else's now.
   */
  readonly giveBack: (unread: string, keepsMode: boolean) => void
}

// Events that a prompt, a REPL or a program in raw mode listens to when it starts to read.
const readingEvents: ReadonlyArray<string | symbol> = ["data", "readable", "keypress"]

const endEvents = ["end", "close", "error"] as const

// The terminal marks where a paste begins and ends (bracketed paste).
const markPastes = "\u001b[?2004h"
const stopMarkingPastes = "\u001b[?2004l"

interface Internals {
  readonly readStop?: unknown
  reading?: boolean
}

/**
 * Does what Node does when a terminal pauses, and Deno does not: else the stream assumes that a read is under way, though
 * it was stopped, and `for await` of the host waits for it. Not on a pipe, where Deno cannot stop a read: a second one
 * would keep the process alive.
 */
const forgetStoppedRead = (input: Input) => {
  const { _handle, _readableState: state } = input as Partial<Record<"_handle" | "_readableState", Internals>>
  if ("Deno" in globalThis && _handle?.readStop !== undefined && state !== undefined) state.reading = false
}

/**
 * Takes a stream: from now on `data` of the borrower gets what comes, and listeners of a host that has paused do not.
 *
 * @param output - Where the terminal is asked to mark pastes.
 */
export const borrow = (input: Input, output: Output | undefined, on: Borrower): BorrowedStream => {
  let foundFlowing = input.readableFlowing
  // A prompt of the host that is paused must not see, and show, what is typed here.
  const pausedListeners = foundFlowing === false
    ? input.rawListeners("data") as Array<(chunk: Uint8Array | string) => void>
    : []
  const foundRaw = input.isTTY === true && input.isRaw === true
  let leavesRawMode = input.isTTY === true && !foundRaw && input.setRawMode !== undefined &&
    attempt(() => {
        input.setRawMode?.(true)
        return true
      }) === true
  const isRaw = foundRaw || leavesRawMode
  let hasPaused = false
  /** While our own listeners are put on, which is not the host starting to read. */
  let isAddingListeners = false

  const write = (text: string) => {
    if (isRaw) attempt(() => output?.write(text))
  }
  const hostReads = () => {
    if (!isAddingListeners) on.reclaimed()
  }
  const onNewListener = (event: string | symbol) => {
    if (readingEvents.includes(event)) hostReads()
  }
  const removeListeners = () => {
    input.off("newListener", onNewListener)
    input.off("data", on.data)
    for (const event of endEvents) input.off(event, on.end)
  }
  /** Also puts back what the host removed together with its own. */
  const addListeners = () => {
    isAddingListeners = true
    removeListeners()
    input.on("data", on.data)
    for (const event of endEvents) input.on(event, on.end)
    input.on("newListener", onNewListener)
    isAddingListeners = false
  }

  write(markPastes)
  for (const listener of pausedListeners) input.off("data", listener)
  addListeners()
  input.resume()
  const stopWatching = watchHost(input, {
    reads: hostReads,
    // The host finds the mode that it asked for, when the stream is given back.
    leavesRawMode: () => {
      if (isRaw) leavesRawMode = true
    },
    pauses: () => {
      foundFlowing = false
      hasPaused = true
    },
    removesListener: (listener) => {
      if (listener === undefined) {
        pausedListeners.length = 0
        addListeners()
        // The stream itself calls `resume` in the next tick.
        isAddingListeners = true
        return void setImmediate(() => {
          isAddingListeners = false
        })
      }
      const index = pausedListeners.findIndex((each) =>
        each === listener || (each as { listener?: unknown }).listener === listener
      )
      if (index >= 0) pausedListeners.splice(index, 1)
    }
  })

  const giveBack = (unread: string, keepsMode: boolean) => {
    stopWatching()
    removeListeners()
    if (!keepsMode) {
      if (leavesRawMode) attempt(() => input.setRawMode?.(false))
      write(stopMarkingPastes)
    }
    const isRead = foundFlowing === true || input.listenerCount("data") > 0 || input.listenerCount("readable") > 0
    if (isRead && !hasPaused) return
    // Before `pause`, which stops the reading that `unshift` starts. The host's next prompt must not get a code.
    if (unread !== "" && !holdsAnswer(unread) && !input.destroyed && !input.readableEnded) {
      attempt(() => input.unshift?.(unread))
    }
    input.pause()
    for (const listener of pausedListeners) input.on("data", listener)
    // A stream that was never read starts by itself for its next reader; a paused one would not.
    if (foundFlowing === null) attempt(() => Object.assign(input, { readableFlowing: null }))
    forgetStoppedRead(input)
    // Node stops the stream one tick after it was paused, even if the host has begun to read by then.
    setImmediate(() => {
      if (!input.destroyed && input.listenerCount("readable") > 0) attempt(() => input.read?.(0))
    })
  }
  return { isRaw, giveBack }
}
