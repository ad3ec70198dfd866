/**
 * Reads blocks of text from a terminal or a pipe, and leaves it as it was found. The same on Node, Deno and Bun.
 *
 * A terminal is read in raw mode: in its own line mode the system keeps 4,095 characters of a line (1,023 on macOS) and
 * drops the rest without a sign. `node:readline` is no help: on Deno it stops at such a line, and it leaves listeners
 * behind everywhere.
 */
import { holdsAnswer } from "../../core/paste/PastedText.ts"
import * as LineDecoder from "../../core/terminal/LineDecoder.ts"
import { charactersIn, maxPasteLength } from "../../core/paste/PasteLength.ts"
import { guard, type Input } from "./InputStream.ts"

export { type Input, isTaken } from "./InputStream.ts"
export type { Signal } from "../../core/terminal/LineDecoder.ts"
type Signal = LineDecoder.Signal

/** What is used of `process.stderr`. */
export interface Output {
  write(text: string): unknown
}

/** Called while a reader is attached, never after it was detached. */
export interface Handlers {
  /** The lines that arrived together, without the last line break. */
  readonly block: (text: string) => void
  /** No more text comes: the reader has detached itself. */
  readonly end: () => void
  /** The person pressed ^C, ^\ or ^Z. What was typed in that line is gone, as it is in the system's line mode. */
  readonly signal: (signal: Signal) => void
  /** How many characters stand on a terminal that were not given to `block` yet. Show no more of them: they are secret. */
  readonly typed?: (characters: number) => void
  /** Somebody else begins to read: the reader has detached itself. */
  readonly taken?: () => void
}

// What a host adds that begins to read: a prompt, a REPL, or a program in raw mode.
const readingEvents: ReadonlyArray<string | symbol> = ["data", "readable", "keypress"]

// Lines of one paste arrive this close together; nobody types so fast.
const pauseMillis = 25

const ESC = "\u001b"

/** A stream or a terminal that went away meanwhile: there is nothing left to restore. */
const attempt = (effect: () => unknown): boolean => {
  try {
    effect()
    return true
  } catch {
    return false
  }
}

interface Internals {
  readonly readStop?: unknown
  reading?: boolean
}

/**
 * Does what Node does when a terminal pauses and Deno leaves out: else the stream holds that a read is under way, though it
 * was stopped, and `for await` of the host waits for it. Not on a pipe, where Deno cannot stop a read: a second one
 * would hold the process.
 */
const forgetStoppedRead = (input: Input) => {
  const { _handle, _readableState: state } = input as Partial<Record<"_handle" | "_readableState", Internals>>
  if ("Deno" in globalThis && _handle?.readStop !== undefined && state !== undefined) state.reading = false
}

/**
 * Starts reading. The result stops it and leaves the stream as it was found: listeners, flow, terminal mode, and the text
 * that was not given to `block` yet. Both are synchronous, and the second may be called at any time, also by a handler.
 *
 * Of a stream that is over nothing is touched, and `end` is called soon.
 *
 * @param output - Where a terminal is asked to mark pastes.
 */
export const attach = (input: Input, output: Output | undefined, on: Handlers): () => void => {
  let isSilent = false
  if (input.destroyed || input.readableEnded || input.closed === true) {
    queueMicrotask(() => {
      if (!isSilent) on.end()
    })
    return () => {
      isSilent = true
    }
  }
  let foundFlowing = input.readableFlowing
  // A prompt of the host that is paused must not see what is typed here, and show it.
  const idle = foundFlowing === false ? input.rawListeners("data") as Array<(chunk: Uint8Array | string) => void> : []
  const foundRaw = input.isTTY === true && input.isRaw === true
  // Whether the terminal's own line mode is to be left behind.
  let leavesLineMode = input.isTTY === true && !foundRaw && input.setRawMode !== undefined &&
    attempt(() => input.setRawMode?.(true))
  const isRaw = foundRaw || leavesLineMode
  // A decoder of our own: `setEncoding` would stay behind for the host.
  const bytes = new TextDecoder()
  const decoder = LineDecoder.make(isRaw)
  let lines: Array<string> = []
  let size = 0
  let rest = ""
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAttached = true
  let hasPaused = false
  let isWiring = false

  const write = (text: string) => {
    if (isRaw) attempt(() => output?.write(text))
  }
  const tell = () => {
    if (isRaw) on.typed?.(lines.reduce((sum, line) => sum + charactersIn(line), charactersIn(decoder.unfinished())))
  }
  const add = (line: string) => {
    // Somewhat more than may be is kept, and what follows is dropped, so that a flood is one text that is too long.
    if (size <= maxPasteLength + 1) lines.push(line)
    size += line.length + 1
  }
  const take = (): string => {
    const text = lines.join("\n")
    lines = []
    size = 0
    return text
  }
  const deliver = () => {
    // A terminal's last line goes with those before it, and the person ends it: else a code could be cut.
    if (decoder.isPasting() || (isRaw && decoder.unfinished() !== "")) return
    deliverNow()
  }
  const deliverNow = () => {
    const text = take()
    tell()
    on.block(text)
  }
  const release = () => {
    if (!isAttached) return
    isAttached = false
    unguard()
    clearTimeout(timer)
    input.off("newListener", onListener)
    input.off("data", onData)
    for (const event of ["end", "close", "error"] as const) input.off(event, finish)
    if (leavesLineMode) attempt(() => input.setRawMode?.(false))
    write(`${ESC}[?2004l`)
    const isRead = foundFlowing === true || input.listenerCount("data") > 0 || input.listenerCount("readable") > 0
    if (isRead && !hasPaused) return
    const left = lines.map((line) => `${line}\n`).join("") + decoder.unfinished() + rest
    // Before `pause`, which stops the reading that `unshift` starts. A code is nothing for the host's next prompt.
    if (left !== "" && !holdsAnswer(left) && !input.destroyed && !input.readableEnded) {
      attempt(() => input.unshift?.(left))
    }
    input.pause()
    for (const listener of idle) input.on("data", listener)
    // A stream that was never read starts by itself for its next reader; a paused one would not.
    if (foundFlowing === null) attempt(() => Object.assign(input, { readableFlowing: null }))
    forgetStoppedRead(input)
    // Node stops the stream a tick after it was paused, also under a host that has begun to read meanwhile.
    setImmediate(() => {
      if (!input.destroyed && input.listenerCount("readable") > 0) attempt(() => input.read?.(0))
    })
  }
  const finish = () => {
    if (!isAttached) return
    const line = decoder.unfinished()
    decoder.discard()
    if (line !== "") add(line)
    const text = lines.length > 0 ? take() : undefined
    release()
    if (text !== undefined) on.block(text)
    if (!isSilent) on.end()
  }
  const onData = (chunk: Uint8Array | string) => {
    rest = typeof chunk === "string" ? chunk : bytes.decode(chunk, { stream: true })
    while (isAttached && rest !== "") {
      const decoded = decoder.decode(rest)
      rest = decoded.rest
      for (const line of decoded.lines) add(line)
      if (decoded.key === "EOF") finish()
      else if (decoded.key === "Enter") deliverNow()
      else if (decoded.key !== undefined) {
        decoder.discard()
        on.signal(decoded.key)
      }
    }
    if (!isAttached) return
    tell()
    clearTimeout(timer)
    if (lines.length > 0) timer = setTimeout(deliver, pauseMillis)
  }
  const giveWay = () => {
    if (!isAttached || isWiring) return
    release()
    if (!isSilent) on.taken?.()
  }
  const onListener = (event: string | symbol) => {
    if (readingEvents.includes(event)) giveWay()
  }
  /** Puts on what is not there: all at first, and what the host took off with its own. */
  const wire = () => {
    isWiring = true
    input.off("newListener", onListener)
    input.off("data", onData)
    input.on("data", onData)
    for (const event of ["end", "close", "error"] as const) {
      input.off(event, finish)
      input.on(event, finish)
    }
    input.on("newListener", onListener)
    isWiring = false
  }

  write(`${ESC}[?2004h`)
  for (const listener of idle) input.off("data", listener)
  wire()
  input.resume()
  const unguard = guard(input, {
    reads: giveWay,
    // What the host wants is what it finds afterwards.
    leavesMode: () => {
      if (isRaw) leavesLineMode = true
    },
    pauses: () => {
      foundFlowing = false
      hasPaused = true
    },
    listensNoMore: (listener) => {
      if (listener === undefined) {
        idle.length = 0
        wire()
        // The stream itself resumes a tick later.
        isWiring = true
        return void setImmediate(() => {
          isWiring = false
        })
      }
      const index = idle.findIndex((each) =>
        each === listener || (each as { listener?: unknown }).listener === listener
      )
      if (index >= 0) idle.splice(index, 1)
    }
  })
  return () => {
    isSilent = true
    release()
  }
}
