/**
 * Reads blocks of text from a terminal or a pipe, and leaves it as it was found. The same on Node, Deno and Bun.
 *
 * A terminal is read in raw mode: in its own line mode the system keeps 4,095 characters of a line (1,023 on macOS) and
 * drops the rest without a sign. `node:readline` is no help: on Deno it stops at such a line, and it leaves listeners
 * behind everywhere.
 */
import { maxLength } from "../core/PastedText.ts"

/** What is used of `process.stdin`. */
export interface Input {
  readonly isTTY?: boolean | undefined
  readonly isRaw?: boolean | undefined
  readonly destroyed: boolean
  readonly closed?: boolean | undefined
  readonly readableEnded: boolean
  readonly readableFlowing: boolean | null
  setRawMode?(mode: boolean): unknown
  on(event: "data", listener: (chunk: Uint8Array | string) => void): unknown
  on(event: "end" | "close" | "error", listener: () => void): unknown
  off(event: "data", listener: (chunk: Uint8Array | string) => void): unknown
  off(event: "end" | "close" | "error", listener: () => void): unknown
  listenerCount(event: string): number
  pause(): unknown
  resume(): unknown
  unshift?(chunk: string): unknown
}

/** What is used of `process.stderr`. */
export interface Output {
  write(text: string): unknown
}

/** Keys of a raw terminal that the system would make a signal of. */
export type Signal = "SIGINT" | "SIGQUIT" | "SIGTSTP"

/** Called while a reader is attached, never after it was detached. */
export interface Handlers {
  /** The lines that arrived together, without the last line break. */
  readonly block: (text: string) => void
  /** No more text comes: the reader has detached itself. */
  readonly end: () => void
  /** The person pressed ^C, ^\ or ^Z. What was typed in that line is gone, as it is in the system's line mode. */
  readonly signal: (signal: Signal) => void
}

/** What a piece of input came to. */
export interface Decoded {
  readonly lines: ReadonlyArray<string>
  /** What a terminal is to show of it. */
  readonly echo: string
  /** The key at which decoding stopped; `EOF` is ^D in an empty line. */
  readonly key: Signal | "EOF" | undefined
  /** What follows that key, as it came. */
  readonly rest: string
}

/** The state between two pieces of input. */
export interface LineDecoder {
  readonly decode: (text: string) => Decoded
  /** The line that no line break has ended yet. */
  readonly unfinished: () => string
  readonly discard: () => void
  /** Whether the terminal has said that a paste began, and not yet that it ended. */
  readonly isPasting: () => boolean
}

const ESC = "\u001b"
const keys: Readonly<Record<string, Signal>> = { "\u0003": "SIGINT", "\u001c": "SIGQUIT", "\u001a": "SIGTSTP" }
const erase = "\b \b"

/** How an escape sequence stands after a further letter: longer, `""` when it is over, or `undefined` when it broke off. */
const nextEscape = (escape: string, char: string): string | undefined => {
  const kind = escape.charAt(1)
  if (kind === "") {
    if (char === ESC) return ESC
    return "[O]PX^_".includes(char) ? ESC + char : char < " " ? undefined : ""
  }
  if (kind === "O") return ""
  if (kind !== "[") {
    // A terminal's answer to a question of the host: up to BEL or `ESC \`.
    if (char === "\u0007" || char === "\u009c") return ""
    return char === ESC ? ESC : char < " " || escape.length > 1024 ? undefined : escape + char
  }
  if (char < " " || escape.length > 32) return undefined
  return char < "@" ? escape + char : char === "~" && /^.\[20[01]$/.test(escape) ? escape + char : ""
}

/** Makes lines of input: of a pipe's as it is, of a raw terminal's by what its keys mean. It reads and writes nothing. */
export const makeDecoder = (isRaw: boolean): LineDecoder => {
  // Letters, so that taking one back is cheap. One more than may be is kept of a line: so the reader of it knows.
  let letters: Array<string> = []
  let escape = ""
  let isPasting = false
  let afterReturn = false
  const decode = (text: string): Decoded => {
    const lines: Array<string> = []
    const escapeKey = escape === ESC
    let echo = ""
    let index = 0
    for (const char of text) {
      const isFirst = index === 0
      index += char.length
      if (escape !== "") {
        // Sequences come in one piece, but that a long paste is cut somewhere. Else it was the Escape key alone.
        const next = escapeKey && isFirst && char !== "[" ? undefined : nextEscape(escape, char)
        escape = next ?? ""
        if (escape.endsWith("~")) {
          isPasting = escape.endsWith("0~")
          escape = ""
        }
        if (next !== undefined) continue
      }
      if (isRaw && char === ESC) {
        escape = ESC
        continue
      }
      const isLineFeed = char === "\n" && afterReturn
      afterReturn = char === "\r"
      if (isLineFeed) continue
      if (char === "\r" || char === "\n") {
        echo += "\n"
        // In a paste it may be where an address was wrapped: the paste is one block, which the person ends.
        if (isPasting) letters.push("\n")
        else lines.push(letters.splice(0).join(""))
        continue
      }
      if (!isRaw || (char >= " " && !/[\u007f-\u009f]/.test(char)) || char === "\t") {
        if (letters.length > maxLength) continue
        letters.push(char)
        echo += char
        continue
      }
      const key = char === "\u0004" && letters.length === 0 && !isPasting ? "EOF" : keys[char]
      if (key !== undefined) return { lines, echo, key, rest: text.slice(index) }
      if (char === "\u0015") {
        echo += erase.repeat(Math.min(letters.length, 500))
        letters = []
      } else if ((char === "\b" || char === "\u007f") && letters.pop() !== undefined) echo += erase
    }
    return { lines, echo, key: undefined, rest: "" }
  }
  return {
    decode,
    unfinished: () => letters.join(""),
    discard: () => {
      letters = []
      isPasting = false
    },
    isPasting: () => isPasting
  }
}

/** Whether somebody else reads this stream: then it is theirs. */
export const isTaken = (input: Input): boolean =>
  input.isRaw === true || input.readableFlowing === true || input.listenerCount("data") > 0 ||
  input.listenerCount("readable") > 0

// Lines of one paste arrive this close together; nobody types so fast.
const pauseMillis = 25

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
 * @param output - Where a terminal shows what is typed.
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
  const foundFlowing = input.readableFlowing
  const ownsMode = input.isTTY === true && input.isRaw !== true && input.setRawMode !== undefined &&
    attempt(() => input.setRawMode?.(true))
  const isRaw = ownsMode || (input.isTTY === true && input.isRaw === true)
  // A decoder of our own: `setEncoding` would stay behind for the host.
  const bytes = new TextDecoder()
  const decoder = makeDecoder(isRaw)
  let lines: Array<string> = []
  let size = 0
  let rest = ""
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAttached = true

  const write = (text: string) => {
    if (ownsMode && text !== "") attempt(() => output?.write(text))
  }
  const add = (line: string) => {
    // Somewhat more than may be is kept, and what follows is dropped, so that a flood is one text that is too long.
    if (size <= maxLength + 1) lines.push(line)
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
    on.block(take())
  }
  const release = () => {
    if (!isAttached) return
    isAttached = false
    clearTimeout(timer)
    input.off("data", onData)
    for (const event of ["end", "close", "error"] as const) input.off(event, finish)
    if (ownsMode) {
      write(`${ESC}[?2004l`)
      attempt(() => input.setRawMode?.(false))
    }
    if (foundFlowing === true || input.listenerCount("data") > 0 || input.listenerCount("readable") > 0) return
    const left = lines.map((line) => `${line}\n`).join("") + decoder.unfinished() + rest
    // Before `pause`, which stops the reading that `unshift` starts.
    if (left !== "" && !input.destroyed && !input.readableEnded) attempt(() => input.unshift?.(left))
    input.pause()
    // A stream that was never read starts by itself for its next reader; a paused one would not.
    if (foundFlowing === null) attempt(() => Object.assign(input, { readableFlowing: null }))
    forgetStoppedRead(input)
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
      write(decoded.echo)
      for (const line of decoded.lines) add(line)
      if (decoded.key === "EOF") finish()
      else if (decoded.key !== undefined) {
        decoder.discard()
        on.signal(decoded.key)
      }
    }
    if (!isAttached) return
    clearTimeout(timer)
    if (lines.length > 0) timer = setTimeout(deliver, pauseMillis)
  }

  write(`${ESC}[?2004h`)
  input.on("data", onData)
  input.on("end", finish)
  input.on("close", finish)
  input.on("error", finish)
  input.resume()
  return () => {
    isSilent = true
    release()
  }
}
