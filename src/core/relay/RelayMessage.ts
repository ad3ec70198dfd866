/**
 * What processes that share a port say to each other: lines of JSON over a private socket. A guest is a process whose flows
 * wait on a port that another process, the holder, listens on.
 */
import type { Answer } from "../oauth/Answer.ts"
import type { RequestHead } from "../oauth/RequestHead.ts"
import { type JsonObject, parse } from "../text/JsonObject.ts"

/** Processes share a port only when they speak the same version. */
export const version = 1

/** No line is longer, in UTF-16 code units: a form of 64 KiB and headers of as much fit in, and a page of a host's own. */
export const maxLine = 1_048_576

/**
 * How long a guest may take to say what it makes of a request, in milliseconds; one that is stopped must not hold a browser.
 * After that the browser was told to come back, and the request must not be taken any more: its page would be nobody's.
 */
export const replyMillis = 2000

/** What a flow is found by: digests, so that nobody learns a `state` who does not have it. */
export interface FlowDigests {
  readonly state: string
  /** Of the name of the last page. */
  readonly done: string
}

/** A request, whole. */
export interface RelayedRequest extends Omit<RequestHead, "header" | "headers"> {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** What a guest says. */
export type GuestMessage =
  | { readonly _tag: "Hello"; readonly version: number; readonly port: number; readonly network?: string | undefined }
  | ({ readonly _tag: "Add"; readonly takesForms: boolean } & FlowDigests)
  | ({ readonly _tag: "Remove" } & FlowDigests)
  | { readonly _tag: "Answer"; readonly id: number; readonly answer: Answer }
  /** The answer comes when the outcome is known. */
  | { readonly _tag: "Hold"; readonly id: number }

/** What a holder says. */
export type HolderMessage =
  | { readonly _tag: "Welcome"; readonly version: number; readonly isServed: boolean }
  /** The flow of this `state` is registered. */
  | { readonly _tag: "Added"; readonly state: string }
  /** `at`: when the browser came, by the machine's clock, in milliseconds. */
  | { readonly _tag: "Request"; readonly id: number; readonly at: number; readonly request: RelayedRequest }
  /** The browser went away. */
  | { readonly _tag: "Gone"; readonly id: number }
  /** The port will be free in a moment. */
  | { readonly _tag: "Leaving" }

/** A line, with its end; `undefined` where it would be too long. */
export const encode = (message: GuestMessage | HolderMessage): string | undefined => {
  const line = JSON.stringify(message)
  return line.length > maxLine ? undefined : `${line}\n`
}

const isId = (id: unknown): id is number => Number.isSafeInteger(id)

const isDigest = (text: unknown): text is string => typeof text === "string" && /^[\w-]{43}$/.test(text)

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string")

/** The listener writes these itself. */
const ofConnection = /^(connection|content-length|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

/** Whether a field can be written as it is: others make the writer throw, or begin a line of their own (RFC 9110 section 5). */
const isField = ([name, value]: readonly [string, string]): boolean =>
  /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && !ofConnection.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)

const digestsOf = ({ done, state }: JsonObject): FlowDigests | undefined =>
  isDigest(state) && isDigest(done) ? { state, done } : undefined

const answerOf = (value: unknown): Answer | undefined => {
  const { body, headers, status } = (value ?? {}) as JsonObject
  const isStatus = Number.isSafeInteger(status) && (status as number) >= 200 && (status as number) <= 599
  return isStatus && isTexts(headers) && Object.entries(headers).every(isField) && typeof body === "string"
    ? { status: status as number, headers, body }
    : undefined
}

const requestOf = (value: unknown): RelayedRequest | undefined => {
  const { body, headers, hosts, method, target } = (value ?? {}) as JsonObject
  const isHosts = Array.isArray(hosts) && hosts.every((host) => typeof host === "string")
  if (typeof method !== "string" || typeof target !== "string" || !isHosts || !isTexts(headers)) return undefined
  return { method, target, hosts, headers, ...(typeof body === "string" && { body }) }
}

/** What a line of a guest says; `undefined` where it cannot be read. */
export const decodeGuest = (line: string): GuestMessage | undefined => {
  const fields = parse(line)
  if (fields === undefined) return undefined
  const { _tag, id } = fields
  switch (_tag) {
    case "Hello": {
      const { network, port, version } = fields
      if (typeof version !== "number" || typeof port !== "number") return undefined
      return { _tag, version, port, ...(typeof network === "string" && { network }) }
    }
    case "Add":
    case "Remove": {
      const digests = digestsOf(fields)
      if (digests === undefined) return undefined
      return _tag === "Remove" ? { _tag, ...digests } : { _tag, ...digests, takesForms: fields.takesForms === true }
    }
    case "Answer": {
      const answer = answerOf(fields.answer)
      return isId(id) && answer !== undefined ? { _tag, id, answer } : undefined
    }
    case "Hold":
      return isId(id) ? { _tag, id } : undefined
    default:
      return undefined
  }
}

/** What a line of a holder says; `undefined` where it cannot be read. */
export const decodeHolder = (line: string): HolderMessage | undefined => {
  const fields = parse(line)
  if (fields === undefined) return undefined
  const { _tag, id } = fields
  switch (_tag) {
    case "Welcome":
      return typeof fields.version === "number"
        ? { _tag, version: fields.version, isServed: fields.isServed === true }
        : undefined
    case "Added":
      return isDigest(fields.state) ? { _tag, state: fields.state } : undefined
    case "Request": {
      const request = requestOf(fields.request)
      const { at } = fields
      return isId(id) && typeof at === "number" && request !== undefined ? { _tag, id, at, request } : undefined
    }
    case "Gone":
      return isId(id) ? { _tag, id } : undefined
    case "Leaving":
      return { _tag }
    default:
      return undefined
  }
}

/** A request to be relayed. */
export const relayed = (head: RequestHead, body: string | undefined): RelayedRequest => {
  const headers = Object.entries(head.headers ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "string" ? value : value.join(", ")] as const]
  )
  const { hosts, method, target } = head
  return { method, target, hosts, headers: Object.fromEntries(headers), ...(body !== undefined && { body }) }
}

/** The head of a relayed request. */
export const headOf = ({ headers, hosts, method, target }: RelayedRequest): RequestHead => ({
  method,
  target,
  hosts,
  headers,
  header: (name) => Object.hasOwn(headers, name) ? headers[name] : undefined
})
