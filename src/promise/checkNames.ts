/**
 * Names of options that do not exist: a misspelt one would be passed over, and the default taken in its place.
 */
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { nearestName } from "../core/text/nearestName.ts"
import { printable } from "../core/text/SafeText.ts"

/** Whether it is of no class: what an instance has of its own, such as fields behind getters, is not written by a caller. */
const isPlain = (options: object): boolean => {
  const { constructor } = Object.getPrototypeOf(options) ?? {}
  // By its name, because an object of another realm has another `Object`.
  return constructor === undefined || constructor.name === "Object"
}

/**
 * Checks that options have no other names than these, also where the value is `undefined`. Symbols, and what is inherited, do
 * not count.
 *
 * @param path What the message writes before the name of an option, with a dot.
 * @param otherwise What the message says where no name is near.
 * @throws InvalidOptions For the first one that does not exist, with the name that may have been meant.
 */
export const checkNames = (options: object, names: ReadonlyArray<string>, path: string, otherwise = ""): void => {
  const unknown = isPlain(options) ? Object.keys(options).find((name) => !names.includes(name)) : undefined
  if (unknown === undefined) return
  const near = nearestName(unknown, names)
  throw new InvalidOptions({
    option: `${path}${printable(unknown, 50)}`,
    detail: `there is no such option${near === undefined ? otherwise : `. Did you mean ${path}${near}?`}`
  })
}
