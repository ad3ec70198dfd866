/**
 * What a test in JavaScript may write wrongly: a knob that does not exist would be passed over.
 */

/** Checks a name. @throws TypeError With the names that there are. */
export const checkName = (what: string, name: string, names: ReadonlyArray<string>): void => {
  if (names.includes(name)) return
  throw new TypeError(`There is no ${what} ${JSON.stringify(name)}. There is ${[...names].sort().join(", ")}`)
}

/** Checks the names of the options of a function. @throws TypeError For the first one that does not exist. */
export const checkNames = (of: string, options: object, names: Readonly<Record<string, unknown>>): void => {
  for (const name of Object.keys(options)) checkName(`option of ${of} called`, name, Object.keys(names))
}
