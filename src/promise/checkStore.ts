/**
 * What a caller in JavaScript may pass wrongly as `store`: every member by its name, and none by a misspelt one: a
 * lock that is not found because of a letter would show only when a sign-in is lost.
 */
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { checkNames } from "./checkNames.ts"
import type { StoreInFiles } from "./McpOAuth.ts"

const required = ["get", "set", "delete"]
const optional = ["list", "exclusively", "revision"]

/** Names that are meant for another one. A store may have members of its own, so that only near ones count. */
const misspelt: Readonly<Record<string, RegExp>> = {
  list: /^(lists|lsit|list_?names|list_?keys|list_?all)$/i,
  exclusively: /^(ex?cl?usi?v?e?l?y?|exclusivel?e?y|exclusivly|exlusively|exclusive_?ly)$/i,
  revision: /^(revisions|revison|revisoin|revission|reversion|revision_?of)$/i
}

/** The names of an object and of its classes, up to where those of every object begin. */
const namesOf = (value: object): ReadonlyArray<string> => {
  const names: Array<string> = []
  for (let each = value; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    names.push(...Object.getOwnPropertyNames(each))
  }
  return names
}

const kindOf = (value: unknown): string =>
  value === null
    ? "null"
    : typeof value === "object"
    ? "an object"
    : typeof value === "boolean"
    ? String(value)
    : `a ${typeof value}`

const checkTexts = (store: Readonly<Record<string, unknown>>, option: string): void => {
  for (const name of [...required, ...optional]) {
    const value = store[name]
    if (typeof value === "function" || (value === undefined && optional.includes(name))) continue
    throw new InvalidOptions({
      option: `${option}.${name}`,
      detail: value === undefined
        ? "it is missing, and must be a function"
        : `it is ${kindOf(value)}, and must be a function`
    })
  }
  for (const name of optional) {
    if (store[name] !== undefined) continue
    const near = namesOf(store).find((each) => each !== name && misspelt[name]?.test(each) === true)
    if (near === undefined || typeof store[near] !== "function") continue
    throw new InvalidOptions({
      option: `${option}.${near}`,
      detail: `there is no such member. It may be meant as ${name}`
    })
  }
}

const placeNames = Object.keys(
  { appName: true, directory: true, encrypt: true, keychain: true } satisfies Record<keyof StoreInFiles, true>
)

/** Options that have no meaning with `keychain`, and why. */
const withoutKeychain: Readonly<Record<string, string>> = {
  directory: "the credentials are in no files then. Leave out one of the two",
  encrypt: "what is in a keychain is encrypted anyway. Leave it out"
}

const checkKeychain = (store: Readonly<Record<string, unknown>>, option: string): void => {
  if (store["keychain"] !== true) return
  for (const [name, why] of Object.entries(withoutKeychain)) {
    if (store[name] === undefined || store[name] === false) continue
    throw new InvalidOptions({ option: `${option}.${name}`, detail: `it has no place beside keychain: ${why}` })
  }
}

const checkPlace = (store: object, option: string): void => {
  // Each of its names: what is meant to protect the credentials must not be passed over.
  checkNames(store, placeNames, `${option}.`, `. Beside appName there is ${placeNames.slice(1).join(", ")}`)
  checkKeychain(store as Readonly<Record<string, unknown>>, option)
}

/**
 * Checks the members of a store, which is an object.
 *
 * @param option The option that it was given as.
 * @throws InvalidOptions For the first one that is wrong.
 */
export const checkStore = (store: object, option: string): void => {
  if ("appName" in store && !("get" in store)) checkPlace(store, option)
  else checkTexts(store as Readonly<Record<string, unknown>>, option)
}
