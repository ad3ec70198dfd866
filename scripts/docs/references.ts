/**
 * What a document refers to: files and headings by links, and files of the repository by their paths in backticks.
 */
import { dirname, join } from "node:path/posix"

// A folder of src may be named without `src/`: `flow/Inbox.ts`.
const rooms = "core|effect|services|paste|flow|runtime|mcp|platform|promise"
const path = new RegExp(`^(?:(?:src|test|scripts)/[\\w./-]*\\w|(?:${rooms})/[\\w./-]+\\.ts)$`)

const withoutCode = (text: string): string => text.replace(/^```[^]*?^```/gm, "")

/** The anchor that GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-")

/** The links and paths that lead nowhere. */
export const problems = (
  file: string,
  text: string,
  exists: (path: string) => boolean
): ReadonlyArray<string> => {
  const prose = withoutCode(text)
  const anchors = new Set([...prose.matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) => anchorOf(heading)))
  const found: Array<string> = []
  for (const [, target = ""] of prose.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)) {
    const [name = "", anchor] = target.split("#")
    if (name !== "" && !exists(join(dirname(file), name))) found.push(`${file}: there is no ${name}`)
    if (name === "" && !anchors.has(anchor ?? "")) found.push(`${file}: there is no heading for #${anchor}`)
  }
  for (const [, named = ""] of prose.matchAll(/`([^`\s]+)`/g)) {
    if (!path.test(named) || exists(named) || exists(`src/${named}`)) continue
    found.push(`${file}: there is no ${named}`)
  }
  return found
}
