/**
 * Sets of scopes, written with single spaces between them (RFC 6749 section 3.3).
 */

/** The scopes in a text, each once, in the order in which they first appear. */
export const parse = (text: string | undefined): ReadonlyArray<string> => [
  ...new Set((text ?? "").split(/\s+/).filter((scope) => scope !== ""))
]

/** All scopes in all texts, in the order in which they first appear; `undefined` when there are none. */
export const union = (...texts: ReadonlyArray<string | undefined>): string | undefined => {
  const scopes = parse(texts.filter((text) => text !== undefined).join(" "))
  return scopes.length === 0 ? undefined : scopes.join(" ")
}

/** So many characters of scopes at most are asked for: an authorization URL with them still opens everywhere. */
const maxLength = 4000

/** The first scopes that have room in an authorization URL; `undefined` when there are none. */
export const limited = (text: string | undefined): string | undefined => {
  if (text === undefined || text.length <= maxLength) return text
  let length = 0
  return union(
    ...parse(text).filter((scope) => {
      const next = length + scope.length + 1
      if (next > maxLength) return false
      length = next
      return true
    })
  )
}

/** Whether every scope of `wanted` is among those of `held`. */
export const covers = (held: string | undefined, wanted: string | undefined): boolean => {
  const scopes = new Set(parse(held))
  return parse(wanted).every((scope) => scopes.has(scope))
}

/** Whether a text is one scope (RFC 6749 section 3.3). */
export const isScope = (text: string): boolean => /^[!#-[\]-~]+$/.test(text)

/** The most letters of a set of scopes that a server names: they go into the URL that a browser is started with. */
const maxServerLength = 8000

/**
 * The scopes in texts of a server, as {@link union}: those alone that RFC 6749 section 3.3 allows (they are sent, and shown
 * to people), and the first ones alone where there are very many.
 */
export const ofServer = (...texts: ReadonlyArray<string | undefined>): string | undefined => {
  let scopes = ""
  for (const scope of parse(union(...texts))) {
    if (scopes.length + scope.length < maxServerLength && isScope(scope)) scopes += ` ${scope}`
  }
  return scopes === "" ? undefined : scopes.slice(1)
}

/**
 * A set of scopes that a server wrote with commas, as `read,write` or `read, write`, with spaces. RFC 6749 section 3.3
 * allows a comma within a scope, so it is read as part of one where any two scopes are parted by a space alone. Where every
 * scope is parted by a comma, it is a list: servers whose own settings are lists write it so, and no server is known that
 * names scopes with a comma in them.
 */
export const withoutCommas = (text: string): string => {
  const parts = text.split(/\s+/).filter((part) => part !== "")
  const isList = parts.every((part, index) => part.endsWith(",") || index === parts.length - 1)
  return isList ? text.replaceAll(",", " ") : text
}
