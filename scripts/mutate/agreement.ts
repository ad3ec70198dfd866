/** Whether SECURITY.md and the list of guards say the same. */
import type { Guard } from "./guards.ts"

const oneLine = (text: string): string => text.replace(/\s+/g, " ")

/** Each threat and what is written below it. */
const threatsOf = (document: string): ReadonlyMap<string, string> => {
  const [, threats = ""] = document.split(/^## The threats.*$/m)
  const [section = ""] = threats.split(/^## /m)
  return new Map(
    section.split(/^### /m).slice(1).map((part) => {
      const end = part.indexOf("\n")
      return [part.slice(0, end).trim(), oneLine(part.slice(end))]
    })
  )
}

/** What one has and the other lacks. */
export const disagreements = (document: string, guards: ReadonlyArray<Guard>): ReadonlyArray<string> => {
  const threats = threatsOf(document)
  const found: Array<string> = []
  for (const threat of threats.keys()) {
    if (!guards.some((each) => each.threat === threat)) found.push(`no guard is named for: ${threat}`)
  }
  for (const { guard, test: [file, name], threat } of guards) {
    const text = threats.get(threat)
    if (text === undefined) found.push(`SECURITY.md has no threat: ${threat}`)
    // One item has the file and all its tests; the next one begins with a hyphen.
    else if (!text.split(" - `").some((item) => item.startsWith(`${file}\``) && item.includes(`"${oneLine(name)}`))) {
      found.push(`SECURITY.md does not cite the test of: ${guard} (${file}: "${name}")`)
    }
  }
  return found
}
