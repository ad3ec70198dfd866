/**
 * What a caller in JavaScript may pass wrongly: every option is of the type that it is declared with. What its value has to be
 * beside that is checked where it is used.
 */
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { checkStore } from "./checkStore.ts"

/** Whether a value is right, and what it has to be. */
type Kind = readonly [isRight: (value: unknown) => boolean, expected: string]

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null
const isFunction = (value: unknown): boolean => typeof value === "function"
const isText = (value: unknown): boolean => typeof value === "string"

const text: Kind = [isText, "a string"]
const flag: Kind = [(value: unknown) => typeof value === "boolean", "true or false"]
const object: Kind = [isObject, "an object"]
const action: Kind = [isFunction, "a function"]
const millis: Kind = [(value: unknown) => typeof value === "number", "a number of milliseconds"]
const count: Kind = [(value: unknown) => typeof value === "number" && value >= 1, "a number from 1 on"]
const signal: Kind = [
  (value) => isObject(value) && "aborted" in value && "addEventListener" in value && isFunction(value.addEventListener),
  "an AbortSignal"
]
const present: Kind = [(value: unknown) => value === false || isFunction(value), "false or a function"]
const store: Kind = [
  (value: unknown) => isObject(value) && ["appName", "get", "set", "delete"].some((name) => name in value),
  "an object with appName, or one with get, set and delete"
]
const pending: Kind = [
  (value: unknown) =>
    value === "memory" ||
    (isObject(value) && ["putIfAbsent", "take"].every((name) => isFunction(Object(value)[name]))),
  '"memory", or an object with the functions putIfAbsent and take'
]
const folderName: Kind = [
  (value) => typeof value === "string" && /^[^/\\\p{Cc}]+$/u.test(value) && value !== "." && value !== "..",
  'one name without slashes, such as "my-tool"'
]

type Kinds = { readonly [Name in string]: Kind | Kinds }

const isKind = (kinds: Kind | Kinds): kinds is Kind => Array.isArray(kinds)

const scope: Kind = [
  (value: unknown) => isText(value) || isObject(value),
  "a string, or an object with exactly"
]

const client = { clientId: text, clientSecret: text, issuer: text }

const screen = {
  onNotice: action,
  openBrowser: [(value: unknown) => typeof value === "boolean" || isFunction(value), "true, false or a function"],
  present,
  prompt: [
    (value: unknown) => value === false || (isObject(value) && Symbol.asyncIterator in value),
    "false, or something to iterate over asynchronously"
  ],
  signal,
  texts: object
} satisfies Kinds

const place = { allowOrigins: object, page: object, paste: flag, redirectUri: action } satisfies Kinds

const server = {
  account: text,
  authorizationParameters: object,
  callback: { ...place, timeout: millis },
  client,
  clientMetadataUrl: text,
  clientName: text,
  fetch: action,
  interactive: flag,
  name: text,
  offlineAccess: flag,
  requestTimeout: millis,
  scope,
  transport: action,
  unsafe: object
} satisfies Kinds

/** What options are of: a function, or a part of its options. */
export type OptionsOf =
  | "accounts"
  | "authorize"
  | "beginSignIn"
  | "connectAll"
  | "createHostedSignIn"
  | "createMcpOAuth"
  | "exportCredentials"
  | "importCredentials"
  | "openCallback"
  | "presentUrl"
  | "servers"
  | "serverToConnect"
  | "signal"

/** The options of each function. Those that are not named here are checked where they are used. */
const all: Readonly<Record<OptionsOf, Kinds>> = {
  accounts: { signal, store },
  authorize: {
    describe: action,
    exchange: action,
    exchangeTimeout: millis,
    issuer: text,
    issuerRequired: flag,
    present,
    serverName: text,
    signal,
    timeout: millis
  },
  beginSignIn: {
    account: text,
    authorizationParameters: object,
    bindToBrowser: flag,
    client,
    clientMetadataUrl: text,
    clientName: text,
    name: text,
    offlineAccess: flag,
    scope,
    signal,
    timeout: millis,
    unsafe: object
  },
  connectAll: {
    ...screen,
    askClientId: action,
    concurrency: count,
    present: [
      (value: unknown) => value === "one-at-a-time" || value === "all" || value === false || isFunction(value),
      '"one-at-a-time", "all", false or a function'
    ],
    store,
    turns: [(value: unknown) => value === "one-at-a-time" || value === "all", '"one-at-a-time" or "all"']
  },
  createMcpOAuth: { ...screen, ...server, askClientId: action, store },
  createHostedSignIn: {
    allowOrigins: object,
    credentials: store,
    fetch: action,
    guard: action,
    hosts: object,
    onOutcome: action,
    page: object,
    path: text,
    redirectUri: text,
    requestTimeout: millis,
    resolve: action,
    signal,
    store: pending
  },
  exportCredentials: { account: text, id: text, move: flag, overwrite: flag, signal, store, to: text },
  importCredentials: { from: text, overwrite: flag, signal, store },
  openCallback: { ...screen, ...place, onRefusal: action },
  servers: {},
  serverToConnect: { ...server, client: object, registration: client },
  presentUrl: { ...screen, consent: action, serverName: text },
  signal: { signal }
}

const storePlace: Kinds = {
  appName: folderName,
  directory: [(value: unknown) => isText(value) && value !== "", "a path, or absent"],
  encrypt: flag,
  keychain: flag
}

/** What a value is, in words that hold nothing of it where it may be a secret. */
const shown = (value: unknown): string =>
  value === null || value === undefined || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : isObject(value)
    ? "an object"
    : `a ${typeof value}`

const checkIn = (options: object, kinds: Kinds, path: string): void => {
  for (const [name, kind] of Object.entries(kinds)) {
    const value = (options as Readonly<Record<string, unknown>>)[name]
    if (value === undefined) continue
    const option = `${path}${name}`
    const [isRight, expected] = isKind(kind) ? kind : object
    if (!isRight(value)) {
      throw new InvalidOptions({ option, detail: `it is ${shown(value)}, and must be ${expected}` })
    }
    if (!isKind(kind)) checkIn(value as object, kind, `${option}.`)
  }
}

/**
 * Checks the options of a function.
 *
 * @param path What the message writes before the name of an option, with a dot.
 * @throws InvalidOptions For the first one that is wrong.
 */
export const checkOptions = (of: OptionsOf, options: unknown, path = ""): void => {
  if (!isObject(options)) {
    throw new InvalidOptions({
      option: path.slice(0, -1) || "options",
      detail: `it is ${shown(options)}, and must be an object`
    })
  }
  checkIn(options, all[of], path)
  for (const [name, kind] of Object.entries(all[of])) {
    const given = (options as Readonly<Record<string, unknown>>)[name]
    if (kind !== store || !isObject(given)) continue
    checkStore(given, name)
    if (!("get" in given)) checkIn(given, storePlace, `${name}.`)
  }
}

/** Checks pasted text. @throws InvalidOptions When it is none. */
export const checkText = (given: string): string => {
  if (isText(given)) return given
  throw new InvalidOptions({ option: "text", detail: `it is ${shown(given)}, and must be a string` })
}
