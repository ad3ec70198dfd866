/**
 * What goes wrong between a request and its answer, when a test wants it.
 */
import type { ServerResponse } from "node:http"
import { type Answer, type JsonDocument, oauthError, page, send } from "./Answer.ts"
import { checkName, checkNames } from "./checkNames.ts"
import { pause, unlessGone } from "./pause.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"

/**
 * What goes wrong with one answer.
 *
 * @since 0.1.0
 * @category faults
 */
export type Fault =
  /** Accepts the request, does nothing and never answers. */
  | "hang"
  /** Does nothing and destroys the socket. */
  | "reset"
  /** Does what was asked, a refresh token is rotated for instance, and destroys the socket before the answer. */
  | "lost"
  /** Does nothing and answers 200 with a page of HTML, as the sign-in page of a hotel's network does. */
  | "html"
  /** Does nothing and answers this, `{ status: 503 }` for instance. */
  | Answer
  /** Does nothing and sends elsewhere. */
  | { readonly redirect: string; readonly status: 301 | 302 | 303 | 307 | 308 }
  /**
   * An OAuth error whose description repeats every secret that was sent, as careless servers do. The status is 401 for
   * `invalid_client` and 400 for others, unless it is given: some servers answer errors with 200.
   */
  | { readonly error: string; readonly status?: number }
  /** The true answer with another document, for instance one with `refresh_token: null`. */
  | { readonly edit: (document: JsonDocument) => JsonDocument }
  /** Does what was asked, and answers when the promise is fulfilled, or when the client has gone. */
  | { readonly until: PromiseLike<unknown> }
  /** Does what was asked, and answers so much later, or when the client has gone. */
  | { readonly delayMillis: number }

/**
 * When a fault strikes.
 *
 * @since 0.1.0
 * @category faults
 */
export interface FaultOptions {
  /** How many answers are faulty; `Infinity` until it is healed. @default 1 */
  readonly times?: number | undefined
  /** Only requests of this grant type, such as `"refresh_token"`. @default any */
  readonly grantType?: string | undefined
}

interface Waiting {
  readonly endpoint: string
  readonly fault: Fault
  readonly grantType: string | undefined
  left: number
}

/**
 * Faults that a test sets.
 *
 * @since 0.1.0
 * @category faults
 */
export interface FaultControl<Endpoint extends string> {
  /**
   * Spoils the next answers of an endpoint; faults are used up in the order they were set. It throws a `TypeError` for an
   * endpoint or a fault that there is none of.
   */
  readonly fail: (endpoint: Endpoint, fault: Fault, options?: FaultOptions) => void
  /** Forgets the faults that are left, of one endpoint or of all. */
  readonly heal: (endpoint?: Endpoint) => void
}

/** Faults that wait for requests; the oldest that fits a request strikes. */
export interface Faults<Endpoint extends string> extends FaultControl<Endpoint> {
  readonly take: (request: RecordedRequest<Endpoint>) => Fault | undefined
}

const named = ["hang", "reset", "lost", "html"]
const described = ["status", "redirect", "error", "edit", "until", "delayMillis"]

const checkFault = (fault: unknown): void => {
  if (typeof fault === "string") return checkName("fault", fault, named)
  if (described.some((name) => name in Object(fault))) return
  throw new TypeError(`A fault is one of ${named.join(", ")}, or an object with one of ${described.join(", ")}`)
}

/** No faults. @param endpoints Those that there are. */
export const makeFaults = <Endpoint extends string>(
  endpoints?: Readonly<Record<Endpoint, true>>
): Faults<Endpoint> => {
  let waiting: Array<Waiting> = []
  const checkEndpoint = (endpoint: string) => {
    if (endpoints !== undefined) checkName("endpoint", endpoint, Object.keys(endpoints))
  }
  return {
    fail: (endpoint, fault, options = {}) => {
      checkEndpoint(endpoint)
      checkFault(fault)
      checkNames("fail", options, { grantType: true, times: true })
      const { grantType, times = 1 } = options
      waiting.push({ endpoint, fault, grantType, left: times })
    },
    heal: (endpoint) => {
      if (endpoint !== undefined) checkEndpoint(endpoint)
      waiting = waiting.filter((one) => endpoint !== undefined && one.endpoint !== endpoint)
    },
    take: ({ endpoint, params }) => {
      const found = waiting.find((one) =>
        one.endpoint === endpoint && one.left > 0 &&
        (one.grantType === undefined || one.grantType === params.get("grant_type"))
      )
      if (found !== undefined) found.left -= 1
      return found?.fault
    }
  }
}

/** All that a careless server would repeat. */
const secretsIn = ({ headers, params, text }: RecordedRequest): string =>
  ["code", "code_verifier", "refresh_token", "client_secret", "token"]
    .flatMap((name) => params.getAll(name))
    .concat(headers.authorization ?? [], text)
    .join(" ")

/** Answers a request, unless a fault says otherwise; where `handle` gives no answer, it sends one by itself. */
export const respond = async <Endpoint extends string>(
  recorded: RecordedRequest<Endpoint>,
  response: ServerResponse,
  fault: Fault | undefined,
  handle: (request: RecordedRequest<Endpoint>) => Answer | undefined | Promise<Answer | undefined>
): Promise<void> => {
  const say = async (answer: Answer | undefined) => {
    if (answer !== undefined) await send(recorded, response, answer)
  }
  // The request has been read to its end, so some runtimes let its socket go: the response still has it.
  const cut = () => void (response.socket ?? response).destroy()
  if (fault === undefined) return await say(await handle(recorded))
  if (fault === "hang") return
  if (fault === "reset") return cut()
  if (fault === "lost") {
    await handle(recorded)
    return cut()
  }
  if (fault === "html") return await say(page(200, "Sign in to this network"))
  if ("redirect" in fault) return await say({ status: fault.status, headers: { location: fault.redirect } })
  if ("error" in fault) {
    const { error, status = error === "invalid_client" ? 401 : 400 } = fault
    return await say(oauthError(error, `refused: ${secretsIn(recorded)}`, status))
  }
  if ("edit" in fault) {
    const answer = await handle(recorded) ?? { status: 200 }
    return await say({ ...answer, body: fault.edit({ ...(answer.body as JsonDocument) }) })
  }
  if ("until" in fault) {
    const answer = await handle(recorded)
    await unlessGone(response, (done) => void fault.until.then(done, done))
    return await say(answer)
  }
  if ("delayMillis" in fault) {
    const answer = await handle(recorded)
    await pause(fault.delayMillis, response)
    return await say(answer)
  }
  await say(fault)
}
