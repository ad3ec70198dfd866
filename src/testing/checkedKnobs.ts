/**
 * Knobs that take only what there is: one that is misspelt, or set to a name that there is none of, would change nothing, and the
 * test would pass for another reason.
 */
import { checkName } from "./checkNames.ts"

/** Whether a value is right, and what it has to be. */
export type Kind = readonly [isRight: (value: unknown) => boolean, expected: string]

/** All knobs by name: the compiler refuses a table that lacks one. */
export type KindsOf<Knobs> = { readonly [Name in keyof Knobs]-?: Kind }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isList = (value: unknown, isRight: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isRight)
const isFunction = (value: unknown): boolean => typeof value === "function"
const isText = (value: unknown): boolean => typeof value === "string"
const quoted = (names: Readonly<Record<string, true>>): string =>
  Object.keys(names).map((name) => JSON.stringify(name)).join(", ")

export const flag: Kind = [(value) => typeof value === "boolean", "true or false"]
export const action: Kind = [isFunction, "a function"]
export const text: Kind = [isText, "a text"]
export const texts: Kind = [(value) => isList(value, isText), "a list of texts"]
export const amount: Kind = [(value) => typeof value === "number" && !Number.isNaN(value), "a number"]

/** One of these names. */
export const oneOf = <Name extends string>(names: Readonly<Record<Name, true>>): Kind => [
  (value) => isText(value) && Object.hasOwn(names, String(value)),
  `one of ${quoted(names)}`
]

/** A list of these names. */
export const someOf = <Name extends string>(names: Readonly<Record<Name, true>>): Kind => [
  (value) => isList(value, oneOf(names)[0]),
  `a list of ${quoted(names)}`
]

/** That, or an object that has this. */
export const orObject = ([isRight, expected]: Kind, name: string): Kind => [
  (value) => isRight(value) || (isObject(value) && value[name] !== undefined),
  `${expected}, or an object with ${name}`
]

/** That, or `undefined`. */
export const orUndefined = ([isRight, expected]: Kind): Kind => [
  (value) => value === undefined || isRight(value),
  `${expected}, or undefined`
]

/** Functions, or objects with a function `run`, by name. */
export const tools: Kind = [
  (value) =>
    isObject(value) &&
    Object.values(value).every((tool) => isFunction(tool) || (isObject(tool) && isFunction(tool.run))),
  "an object of functions, or of objects with a function run"
]

/**
 * Knobs that are checked now, and whenever a test sets one.
 *
 * @param kinds Of which kind each is; one that is not there may have any value.
 * @throws TypeError For one that does not exist, or cannot have its value.
 */
export const checkedKnobs = <Knobs extends object>(knobs: Knobs, kinds: Readonly<Record<string, Kind>>): Knobs => {
  const check = (name: string, value: unknown) => {
    checkName("knob", name, Object.keys(knobs))
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (kind !== undefined && !kind[0](value)) throw new TypeError(`The knob ${name} must be ${kind[1]}`)
  }
  for (const [name, value] of Object.entries(knobs)) check(name, value)
  return new Proxy(knobs, {
    set: (target, name, value) => {
      check(String(name), value)
      return Reflect.set(target, name, value)
    }
  })
}
