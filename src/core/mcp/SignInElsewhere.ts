/**
 * What a process that signs in tells the others that wait for it, as text.
 */
import * as JsonObject from "../text/JsonObject.ts"
import type { InVain } from "./PersonGuard.ts"

/** `Shown`: where the person signs in. `InVain`: the sign-in has ended, and nobody else is to ask that person. */
export type Said =
  | { readonly _tag: "Shown"; readonly url: URL }
  | { readonly _tag: "InVain"; readonly reason: InVain }

const reasons: ReadonlyArray<InVain> = ["Declined", "Failed", "Rejected", "TimedOut"]

/**
 * Writes it as text.
 *
 * @param said What is to be told; `undefined`: that the process runs, and nothing else.
 * @param beat Another number each time that the same is told again. @default 0
 */
export const encode = (said: Said | undefined, beat = 0): string =>
  JSON.stringify({
    ...(said?._tag === "Shown" && { url: said.url.href }),
    ...(said?._tag === "InVain" && { inVain: said.reason }),
    beat
  })

/** Reads it; `undefined`: it is none of these, or of a version that says something else. */
export const decode = (text: string): Said | undefined => {
  const { inVain, url } = JsonObject.parse(text) ?? {} as JsonObject.JsonObject
  const reason = reasons.find((each) => each === inVain)
  if (reason !== undefined) return { _tag: "InVain", reason }
  if (typeof url !== "string" || !URL.canParse(url)) return undefined
  const parsed = new URL(url)
  return parsed.protocol === "https:" || parsed.protocol === "http:" ? { _tag: "Shown", url: parsed } : undefined
}
