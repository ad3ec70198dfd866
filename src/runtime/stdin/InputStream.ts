/**
 * A stream that belongs to a host program and is read here for a while: whether it is free, and what the host does with
 * it in the meantime.
 */

/** The part of `process.stdin` that is used. */
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
 * Whether other code reads this stream. A paused stream is free: a prompt that was closed leaves a listener behind, and a
 * prompt that is paused leaves the terminal in raw mode as well.
 */
export const isTaken = (input: Input): boolean =>
  input.readableFlowing === true || input.listenerCount("readable") > 0 ||
  (input.isRaw === true && input.readableFlowing !== false)

/** Whether nothing can be read from this stream any more. */
export const isOver = (input: Input): boolean => input.destroyed || input.readableEnded || input.closed === true

/** What the host does with the stream while it is read here. */
export interface HostCalls {
  /** It starts to read. */
  readonly reads: () => void
  /** It asks for the terminal's line mode. */
  readonly leavesRawMode: () => void
  /** It stops reading. */
  readonly pauses: () => void
  /** It removes a `data` listener, or all listeners. */
  readonly removesListener: (listener?: unknown) => void
}

/**
 * Replaces some methods of the stream, to learn of calls for which there is no event: a paused prompt goes on with
 * `resume`, a full-screen program sets raw mode before it listens. The result puts the methods back.
 */
export const watchHost = (input: Input, on: HostCalls): () => void => {
  const realOff: (event: "data", listener: () => void) => unknown = input.off.bind(input)
  const off = (event: "data", listener: () => void) => {
    if (event === "data") on.removesListener(listener)
    return realOff(event, listener)
  }
  const realResume = input.resume.bind(input)
  const realSetRawMode = input.setRawMode?.bind(input)
  const realRemoveAll: (event?: string) => unknown = input.removeAllListeners.bind(input)
  const methods = {
    off,
    removeListener: off,
    removeAllListeners: (event?: string) => {
      // Without an argument it removes everything; with `undefined`, nothing.
      if (event === undefined) realRemoveAll()
      else realRemoveAll(event)
      if (event === undefined || event === "data") on.removesListener()
      return input
    },
    resume: () => {
      on.reads()
      return realResume()
    },
    setRawMode: (mode: boolean) => {
      if (mode) on.reads()
      else on.leavesRawMode()
      return mode ? realSetRawMode?.(true) : input
    },
    pause: () => {
      on.pauses()
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
