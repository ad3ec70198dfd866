/**
 * Reads blocks of text from a terminal or a pipe, and leaves the stream as it was found. The same on Node, Deno and Bun.
 *
 * A terminal is read in raw mode: in its line mode the system keeps 4,095 characters of a line (1,023 on macOS) and drops
 * the rest without a sign. `node:readline` is of no use: on Deno it stops at such a line, and it leaves listeners behind
 * on every runtime.
 */
import { charactersIn } from "../../core/paste/PasteLength.ts"
import * as LineDecoder from "../../core/terminal/LineDecoder.ts"
import { after } from "../after.ts"
import * as BlockBuffer from "./BlockBuffer.ts"
import { borrow, type Output } from "./BorrowedStream.ts"
import { type Input, isOver } from "./InputStream.ts"

export type { Output } from "./BorrowedStream.ts"
export { type Input, isTaken } from "./InputStream.ts"
export type { Signal } from "../../core/terminal/LineDecoder.ts"

/**
 * Stops a reader and leaves the stream as it was found.
 *
 * @param keepsMode - Leaves the terminal's mode alone, because the program is in the background now. @default false
 */
export type Detach = (keepsMode?: boolean) => void

/** Called while a reader is attached, never after it was detached. */
export interface Handlers {
  /** Lines that arrived together, without the last line break. */
  readonly block: (text: string) => void
  /** No more text comes: the reader has detached itself. */
  readonly end: () => void
  /** The person pressed ^C, ^\ or ^Z. What was typed in that line is gone, as it is in the system's line mode. */
  readonly signal: (signal: LineDecoder.Signal) => void
  /**
   * How many characters were typed or pasted at a terminal and not yet given to `block`. Show no more of them than that:
   * they may hold a code.
   */
  readonly typed?: (characters: number) => void
  /** The host starts to read: the reader has detached itself. */
  readonly taken?: () => void
}

/** Lines of one paste arrive within this time of each other; a person does not type so fast. */
const pauseMillis = 25

/**
 * After so long without more of it, the mark of a paste's end is taken to be lost: else neither Enter nor ^C would ever be
 * keys again.
 */
const lostEndMillis = 3000

/** Keys alone, as a person presses them in a paste that does not end; they do not prolong it. */
const keysOnly = /^(?:\u001b\[[\d;:]+[u~_]|[\u0000-\u001f\u007f])+$/

/**
 * Starts reading. The result stops it and leaves the stream as it was found: listeners, flow, terminal mode, and the text
 * that was not given to `block` yet. Both are synchronous, and the second may be called at any time, also by a handler.
 *
 * If the stream is over, it is not touched, and `end` is called soon.
 *
 * @param output - Where a terminal is asked to mark pastes.
 */
export const attach = (input: Input, output: Output | undefined, on: Handlers): Detach => {
  let isSilent = false
  if (isOver(input)) {
    queueMicrotask(() => {
      if (!isSilent) on.end()
    })
    return () => {
      isSilent = true
    }
  }
  // Not `setEncoding`, which would stay set for the host.
  const bytes = new TextDecoder()
  const lines = BlockBuffer.make()
  let rest = ""
  let cancelPause = () => {}
  let cancelPasteEnd = () => {}
  let isAttached = true

  const reportTyped = () => {
    if (stream.isRaw) on.typed?.(lines.characters() + charactersIn(decoder.unfinished()))
  }
  const deliver = () => {
    const text = lines.take()
    reportTyped()
    on.block(text)
  }
  const deliverAfterPause = () => {
    // The last line at a terminal belongs to the lines before it until the person ends it: else a code could be cut.
    if (!decoder.isPasting() && !(stream.isRaw && decoder.unfinished() !== "")) deliver()
  }
  const detach = (keepsMode = false) => {
    if (!isAttached) return
    isAttached = false
    cancelPause()
    cancelPasteEnd()
    stream.giveBack(lines.unread() + decoder.unfinished() + rest, keepsMode)
  }
  const end = () => {
    if (!isAttached) return
    const line = decoder.unfinished()
    decoder.discard()
    if (line !== "") lines.add(line)
    const text = lines.isEmpty() ? undefined : lines.take()
    detach()
    if (text !== undefined) on.block(text)
    if (!isSilent) on.end()
  }
  const waitForPasteEnd = (isMoreOfIt: boolean) => {
    if (decoder.isPasting() && !isMoreOfIt) return
    cancelPasteEnd()
    if (decoder.isPasting()) cancelPasteEnd = after(lostEndMillis, decoder.endPaste)
  }
  const data = (chunk: Uint8Array | string) => {
    const text = typeof chunk === "string" ? chunk : bytes.decode(chunk, { stream: true })
    const wasPasting = decoder.isPasting()
    rest = text
    while (isAttached && rest !== "") {
      const decoded = decoder.decode(rest)
      rest = decoded.rest
      for (const line of decoded.lines) lines.add(line)
      if (decoded.key === "EOF") end()
      else if (decoded.key === "Enter") deliver()
      else if (decoded.key !== undefined) {
        decoder.discard()
        on.signal(decoded.key)
      }
    }
    if (!isAttached) return
    reportTyped()
    waitForPasteEnd(!wasPasting || !keysOnly.test(text))
    cancelPause()
    if (!lines.isEmpty()) cancelPause = after(pauseMillis, deliverAfterPause)
  }
  const reclaimed = () => {
    if (!isAttached) return
    detach()
    if (!isSilent) on.taken?.()
  }

  const stream = borrow(input, output, { data, end, reclaimed })
  const decoder = LineDecoder.make(stream.isRaw)
  return (keepsMode) => {
    isSilent = true
    detach(keepsMode)
  }
}
