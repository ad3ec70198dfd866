/**
 * A stream that a host owns and that is read here for a while: whether it is free, and what the host does with it meanwhile.
 */

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
  on(event: "newListener", listener: (event: string | symbol) => void): unknown
  off(event: "data", listener: (chunk: Uint8Array | string) => void): unknown
  off(event: "end" | "close" | "error", listener: () => void): unknown
  off(event: "newListener", listener: (event: string | symbol) => void): unknown
  removeAllListeners(event?: string): unknown
  listenerCount(event: string): number
  rawListeners(event: "data"): Array<unknown>
  pause(): unknown
  resume(): unknown
  unshift?(chunk: string): unknown
  read?(size: number): unknown
}

/**
 * Whether somebody else reads this stream: then it is theirs. A stream that was paused is nobody's: a prompt that was
 * closed leaves a listener behind, and one that is paused leaves the terminal raw as well.
 */
export const isTaken = (input: Input): boolean =>
  input.readableFlowing === true || input.listenerCount("readable") > 0 ||
  (input.isRaw === true && input.readableFlowing !== false)

/** What the host does with the stream while it is read here. */
export interface HostCalls {
  /** It begins to read. */
  readonly reads: () => void
  /** It wants the terminal's own line mode back. */
  readonly leavesMode: () => void
  /** It wants to read no more. */
  readonly pauses: () => void
  /** It takes off a `data` listener, or every listener there is. */
  readonly listensNoMore: (listener?: unknown) => void
}

/**
 * Hears of what the host calls on the stream, which no event tells: a prompt that was paused goes on by `resume`, a TUI
 * sets raw mode before it listens. The result takes the ears off again.
 */
export const guard = (input: Input, calls: HostCalls): () => void => {
  const realOff: (event: "data", listener: () => void) => unknown = input.off.bind(input)
  const off = (event: "data", listener: () => void) => {
    if (event === "data") calls.listensNoMore(listener)
    return realOff(event, listener)
  }
  const realResume = input.resume.bind(input)
  const realSetRawMode = input.setRawMode?.bind(input)
  const realRemoveAll: (event?: string) => unknown = input.removeAllListeners.bind(input)
  const methods = {
    off,
    removeListener: off,
    removeAllListeners: (event?: string) => {
      // Called without an argument it takes off everything; with `undefined`, nothing.
      if (event === undefined) realRemoveAll()
      else realRemoveAll(event)
      if (event === undefined || event === "data") calls.listensNoMore()
      return input
    },
    resume: () => {
      calls.reads()
      return realResume()
    },
    setRawMode: (mode: boolean) => {
      if (mode) calls.reads()
      else calls.leavesMode()
      return mode ? realSetRawMode?.(true) : input
    },
    pause: () => {
      calls.pauses()
      return input
    }
  }
  const found = Object.keys(methods).map((name) => [name, Object.getOwnPropertyDescriptor(input, name)] as const)
  for (const [name, value] of Object.entries(methods)) {
    if (name !== "setRawMode" || input.setRawMode !== undefined) {
      Object.defineProperty(input, name, { value, configurable: true, writable: true, enumerable: false })
    }
  }
  return () => {
    for (const [name, descriptor] of found) {
      if (descriptor === undefined) Reflect.deleteProperty(input, name)
      else Object.defineProperty(input, name, descriptor)
    }
  }
}
