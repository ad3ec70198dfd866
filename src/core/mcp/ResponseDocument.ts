/**
 * The document in the body of a response: JSON, or, from token endpoints that do not heed `Accept`, a form.
 */
import * as JsonObject from "../text/JsonObject.ts"

/** A JSON object as it was sent. */
export type Document = JsonObject.JsonObject

/** What was read. There is no document when the body holds none, or one that is nested too deep to be used. */
export interface Reading {
  readonly document?: Document
  readonly isTooDeep?: true
}

/** How deep a document may be nested. Those of OAuth have a handful of levels, and very deep ones cannot be written again. */
const maxDepth = 100

/** How deep the arrays and objects of a JSON text are nested. It is told without reading the text, which may fail. */
const depthOf = (json: string): number => {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]
    if (sign === '"') isInString = !isInString
    else if (isInString && sign === "\\") at++
    else if (!isInString && (sign === "{" || sign === "[")) deepest = Math.max(deepest, ++depth)
    else if (!isInString && (sign === "}" || sign === "]")) depth--
  }
  return deepest
}

/** Reads JSON. A text that is no object is no document. */
export const ofJson = (text: string): Reading => {
  if (depthOf(text) > maxDepth) return { isTooDeep: true }
  const document = JsonObject.parse(text)
  return document === undefined ? {} : { document }
}

/**
 * Reads JSON, or else a form in which a token endpoint says something (RFC 6749 has JSON; some servers answer with forms,
 * whatever they call them). Of a name that is repeated, the first value counts.
 */
export const ofJsonOrForm = (body: string): Reading => {
  const text = body.trim()
  const reading = ofJson(text)
  if (reading.document !== undefined || reading.isTooDeep === true || !/^[\w.~-]+=/.test(text)) return reading
  const form = new URLSearchParams(text)
  return form.has("access_token") || form.has("error") ? { document: Object.fromEntries([...form].reverse()) } : {}
}
