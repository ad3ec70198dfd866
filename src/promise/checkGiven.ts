/**
 * Options that a caller in JavaScript may leave out.
 */
import { InvalidOptions } from "../core/InvalidOptions.ts"

/** Checks that none of these is left out. @throws InvalidOptions For the first one. */
export const checkGiven = (options: object, names: ReadonlyArray<string>, path = ""): void => {
  for (const name of names) {
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined) continue
    throw new InvalidOptions({ option: `${path}${name}`, detail: "it is missing" })
  }
}
