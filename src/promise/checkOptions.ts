/**
 * What a caller in JavaScript may pass wrongly: every option exists, and is of the type that it is declared with. What its value
 * has to be beside that is checked where it is used.
 */
import * as ClientOptions from "../core/mcp/ClientOptions.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import type { PageOptions } from "../core/page/PageOptions.ts"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import type { AuthorizeOptions, ExchangeOptions, OpenCallbackOptions } from "./Callback.ts"
import { checkNames } from "./checkNames.ts"
import { checkStore } from "./checkStore.ts"
import type { AccountsOptions, ExportCredentialsOptions, ImportCredentialsOptions } from "./Credentials.ts"
import type { PresentUrlOptions } from "./Elicitation.ts"
import type { BeginSignInOptions, CreateHostedSignInOptions } from "./HostedSignIn.ts"
import type {
  CallbackOptions,
  ConnectAllOptions,
  ConnectOptions,
  CreateMcpOAuthOptions,
  ServerToConnect,
  StoreInFiles
} from "./McpOAuth.ts"
import type { ScreenOptions } from "./Screen.ts"

/** Whether a value is right, and what it has to be; `undefined` is right unless the option is required. */
type Kind = readonly [isRight: (value: unknown) => boolean, expected: string, required?: "required"]

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null
const isFunction = (value: unknown): boolean => typeof value === "function"
const isText = (value: unknown): boolean => typeof value === "string"

const text: Kind = [isText, "a string"]
const flag: Kind = [(value: unknown) => typeof value === "boolean", "true or false"]
const object: Kind = [isObject, "an object"]
const action: Kind = [isFunction, "a function"]
// What is 0 or below ends a wait at once.
const time: Kind = [(value: unknown) => typeof value === "number", "a number of milliseconds"]
// `NaN` is above nothing. `Infinity` is no limit.
const millis: Kind = [(value: unknown) => typeof value === "number" && value > 0, "a number of milliseconds above 0"]
const port: Kind = [
  (value: unknown) => (Array.isArray(value) ? value : [value]).every((each: unknown) => typeof each === "number"),
  "a number, or a list of numbers"
]
const list: Kind = [(value: unknown) => Array.isArray(value), "a list of strings"]
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
  'one name without slashes, such as "my-tool"',
  "required"
]

/** Of an option whose value is checked where it is used. */
const elsewhere: Kind = [() => true, "anything"]

/** Of an option that has one of these names, and no other. */
const oneOf = <Name extends string>(names: Readonly<Record<Name, true>>): Kind => [
  (value) => isText(value) && Object.hasOwn(names, String(value)),
  Object.keys(names).map((name) => JSON.stringify(name)).join(" or ")
]

type Kinds = { readonly [Name in string]: Kind | Kinds }

/** All options by name: the compiler refuses a table that lacks one. */
type KindsOf<Options> = { readonly [Name in keyof Options]-?: Kind | Kinds }

const isKind = (kinds: Kind | Kinds): kinds is Kind => Array.isArray(kinds)

const scope: Kind = [
  (value: unknown) => isText(value) || isObject(value),
  "a string, or an object with exactly"
]

const client = {
  authMethod: [(value: unknown) => ClientOptions.authMethods.includes(value), ClientOptions.authMethodWords],
  clientId: [ClientOptions.isClientId, ClientOptions.clientIdWords, "required"],
  clientSecret: text,
  issuer: text
} satisfies KindsOf<ClientOptions.PreRegisteredClient<string>>

const unsafe = {
  allowIssuerMismatch: flag,
  allowMissingS256: flag,
  allowResourceMismatch: flag,
  omitResource: flag
} satisfies KindsOf<Unsafe>

const page = { html: action, style: text, texts: object } satisfies KindsOf<PageOptions>

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
} satisfies KindsOf<Pick<OpenCallbackOptions, keyof ScreenOptions | "openBrowser" | "prompt" | "signal" | "texts">>

const place = {
  allowOrigins: list,
  host: elsewhere,
  onPortBusy: elsewhere,
  page,
  paste: flag,
  path: elsewhere,
  port,
  redirectUri: action,
  responseMode: elsewhere
} satisfies KindsOf<Omit<CallbackOptions, "timeout">>

/** How to sign in, for `begin` too. */
const signIn = {
  account: text,
  authorizationParameters: object,
  authorizationServerMetadataUrl: elsewhere,
  client,
  clientMetadataUrl: text,
  clientName: text,
  name: text,
  offlineAccess: flag,
  scope,
  serverUrl: elsewhere,
  unsafe
}

const server = {
  ...signIn,
  callback: { ...place, timeout: millis } satisfies KindsOf<CallbackOptions>,
  fetch: action,
  interactive: flag,
  requestTimeout: millis
}

const createMcpOAuth = { ...screen, ...server, askClientId: action, store } satisfies KindsOf<CreateMcpOAuthOptions>

/** The options of each function. */
interface Options {
  readonly accounts: AccountsOptions
  readonly authorize: AuthorizeOptions & ExchangeOptions<unknown>
  readonly beginSignIn: BeginSignInOptions
  readonly connect: ConnectOptions
  readonly connectAll: ConnectAllOptions
  readonly createHostedSignIn: CreateHostedSignInOptions
  readonly createMcpOAuth: CreateMcpOAuthOptions
  readonly exportCredentials: ExportCredentialsOptions
  readonly importCredentials: ImportCredentialsOptions
  readonly openCallback: OpenCallbackOptions
  readonly presentUrl: PresentUrlOptions
  readonly serverToConnect: ServerToConnect
  readonly signal: { readonly signal?: AbortSignal | undefined }
}

/** What options are of: a function, or a part of its options. */
export type OptionsOf = keyof Options

const all: { readonly [Of in OptionsOf]: KindsOf<Options[Of]> } = {
  accounts: { signal, store },
  authorize: {
    describe: action,
    exchange: action,
    exchangeTimeout: time,
    issuer: text,
    issuerRequired: flag,
    present,
    serverName: text,
    signal,
    timeout: time,
    url: elsewhere
  },
  beginSignIn: { ...signIn, bindToBrowser: flag, signal, timeout: millis },
  connect: { ...createMcpOAuth, transport: action },
  connectAll: {
    ...screen,
    askClientId: action,
    concurrency: count,
    present: [
      (value: unknown) => value === "one-at-a-time" || value === "all" || value === false || isFunction(value),
      '"one-at-a-time", "all", false or a function'
    ],
    store,
    turns: oneOf<NonNullable<ConnectAllOptions["turns"]>>({ "one-at-a-time": true, all: true })
  },
  createMcpOAuth,
  createHostedSignIn: {
    allowOrigins: list,
    credentials: store,
    fetch: action,
    guard: action,
    hosts: list,
    onOutcome: action,
    page,
    path: text,
    redirectUri: text,
    requestTimeout: millis,
    resolve: action,
    responseMode: elsewhere,
    signal,
    store: pending
  },
  exportCredentials: {
    account: text,
    id: text,
    move: flag,
    overwrite: flag,
    serverUrl: elsewhere,
    signal,
    store,
    to: text
  },
  importCredentials: { from: text, overwrite: flag, signal, store },
  // Its port is refused by `BindError`, as all that has to do with ports is.
  openCallback: { ...screen, ...place, port: elsewhere, onRefusal: action },
  serverToConnect: { ...server, client: elsewhere, registration: client, transport: action },
  presentUrl: {
    consent: action,
    onNotice: action,
    openBrowser: screen.openBrowser,
    present,
    serverName: text,
    signal,
    texts: object
  },
  signal: { signal }
}

const storePlace = {
  appName: folderName,
  directory: [(value: unknown) => isText(value) && value !== "", "a path, or absent"],
  encrypt: flag,
  keychain: flag
} satisfies KindsOf<StoreInFiles>

/** What a value is, in words that hold nothing of it where it may be a secret. */
const shown = (value: unknown): string =>
  value === null || value === undefined || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : value === ""
    ? "empty"
    : Array.isArray(value)
    ? "a list"
    : isObject(value)
    ? "an object"
    : `a ${typeof value}`

const checkIn = (options: object, kinds: Kinds, path: string): void => {
  checkNames(options, Object.keys(kinds), path)
  for (const [name, kind] of Object.entries(kinds)) {
    const value = (options as Readonly<Record<string, unknown>>)[name]
    const [isRight, expected, required] = isKind(kind) ? kind : object
    if (value === undefined && required === undefined) continue
    const option = `${path}${name}`
    if (!isRight(value)) {
      throw new InvalidOptions({ option, detail: `it is ${shown(value)}, and must be ${expected}` })
    }
    if (!isKind(kind)) checkIn(value as object, kind, `${option}.`)
  }
}

/** Checks that it is an object, of whatever members. @throws InvalidOptions When it is none. */
export const checkObject = (value: unknown, option: string): void => {
  if (isObject(value)) return
  const is = option === "options" ? "they are" : "it is"
  throw new InvalidOptions({ option, detail: `${is} ${shown(value)}, and must be an object` })
}

/**
 * Checks the options of a function.
 *
 * @param path What the message writes before the name of an option, with a dot.
 * @throws InvalidOptions For the first one that is wrong.
 */
export const checkOptions = (of: OptionsOf, options: unknown, path = ""): void => {
  if (of === "connect" && (options === undefined || options === null)) {
    throw new InvalidOptions({
      option: "options",
      detail: "`connect` needs options as its second argument, with serverUrl"
    })
  }
  checkObject(options, path.slice(0, -1) || "options")
  if (signal[0](options)) {
    throw new InvalidOptions({
      option: path.slice(0, -1) || "options",
      detail: "pass { signal }, and not the signal itself"
    })
  }
  const given = options as object
  checkIn(given, all[of], path)
  for (const [name, kind] of Object.entries(all[of])) {
    const value = (given as Readonly<Record<string, unknown>>)[name]
    if (kind !== store || !isObject(value)) continue
    checkStore(value, name)
    if (!("get" in value)) checkIn(value, storePlace, `${name}.`)
  }
}

/** Checks pasted text. @throws InvalidOptions When it is none. */
export const checkText = (given: string): string => {
  if (isText(given)) return given
  throw new InvalidOptions({ option: "text", detail: `it is ${shown(given)}, and must be a string` })
}
