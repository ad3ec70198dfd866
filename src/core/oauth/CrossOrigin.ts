/**
 * Answers that a page delivers by `fetch`, from origins that the program has named: the checks and the headers of the CORS
 * protocol (Fetch Standard), and of Private and Local Network Access.
 */
import * as Either from "effect/Either"
import { type Answer, text } from "./Answer.ts"
import { isLoopbackRedirect } from "./RedirectUri.ts"
import { isOrAbsent, type RequestHead } from "./RequestHead.ts"
import { quoted } from "../text/quoted.ts"

const problemOf = (origin: unknown): string | undefined => {
  if (typeof origin !== "string") return "is no text"
  if (origin === "null") return "stands for any page without an origin"
  if (origin.includes("*")) return "has a wildcard. Name each origin"
  if (!URL.canParse(origin)) return 'is no origin. Write one like "https://accounts.example.com"'
  const url = new URL(origin)
  if (url.protocol !== "https:" && !isLoopbackRedirect(url)) {
    return "is not https, nor http on this machine (127.0.0.1, localhost or [::1])"
  }
  return url.origin === origin ? undefined : `is not as browsers write an origin. Write ${JSON.stringify(url.origin)}`
}

/**
 * Checks the origins that may deliver an answer: `https://host` or `https://host:port`, as a browser writes it in `Origin`,
 * or `http` with a loopback name.
 *
 * @returns `Right` with the set of them, or `Left` with one sentence on what is wrong and what would be right.
 */
export const origins = (allowed: unknown): Either.Either<ReadonlySet<string>, string> => {
  if (allowed === undefined) return Either.right(new Set())
  if (!Array.isArray(allowed)) return Either.left("allowOrigins is no list. Name origins in an array")
  for (const origin of allowed as ReadonlyArray<unknown>) {
    const problem = problemOf(origin)
    if (problem !== undefined) {
      return Either.left(`allowOrigins: ${quoted(origin)} ${problem}`)
    }
  }
  return Either.right(new Set(allowed as ReadonlyArray<string>))
}

/** The origin of a page that sent a request by `fetch`, if it is one of those allowed. */
export const allowedOrigin = (origins: ReadonlySet<string>, head: RequestHead): string | undefined => {
  const origin = head.header("origin")
  return origin !== undefined && origins.has(origin) && isOrAbsent(head, "sec-fetch-mode", "cors") &&
      isOrAbsent(head, "sec-fetch-dest", "empty") &&
      head.header("sec-websocket-key") === undefined
    ? origin
    : undefined
}

/** Whether a request asks, for a page, if another one may be sent. */
export const isPreflight = (head: RequestHead): boolean =>
  head.method === "OPTIONS" && head.header("origin") !== undefined &&
  head.header("access-control-request-method") !== undefined

/** The answer with the headers by which a page of this origin, and no other one, may read it. Never with credentials. */
export const readableBy = (origin: string, answer: Answer): Answer => ({
  ...answer,
  headers: { ...answer.headers, "access-control-allow-origin": origin, vary: "Origin" }
})

/** Names of headers, in a list. */
const headerNames = /^[\w!#$%&'+.^`|~-]+(?: ?, ?[\w!#$%&'+.^`|~-]+)*$/

/** Lets a page of this origin send its request: by these methods, with the headers that it asks for. */
export const preflightAnswer = (origin: string, methods: string, head: RequestHead): Answer => {
  const { headers, ...answer } = readableBy(origin, text(200, "The answer may be delivered."))
  const asked = head.header("access-control-request-headers") ?? ""
  return {
    ...answer,
    headers: {
      ...headers,
      "access-control-allow-methods": methods,
      ...(asked.length <= 1024 && headerNames.test(asked) && { "access-control-allow-headers": asked }),
      ...(head.header("access-control-request-private-network") === "true" &&
        { "access-control-allow-private-network": "true" }),
      ...(head.header("access-control-request-local-network") === "true" &&
        { "access-control-allow-local-network": "true" })
    }
  }
}

/** What a page is told that delivered an answer. */
export const delivered = (origin: string): Answer =>
  readableBy(origin, text(200, "The answer has arrived. Go back to the program that asked you to sign in."))
