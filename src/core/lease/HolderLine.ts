/**
 * What the holder of a lease says to those who wait for it: lines of JSON, the first one at once.
 */
import { parse } from "../text/JsonObject.ts"

/** What is said. */
export interface HolderLine {
  readonly pid: number | undefined
  readonly told: string | undefined
}

/** No line is longer, in UTF-16 code units. */
export const maxLine = 65_536

/** A line, with its end; `undefined` where it would be too long. */
export const encode = ({ pid, told }: HolderLine): string | undefined => {
  const line = JSON.stringify({ v: 1, pid, told })
  return line.length > maxLine ? undefined : `${line}\n`
}

/** What a line says; `undefined` where it cannot be read. Members that are not known are of later versions. */
export const decode = (line: string): HolderLine | undefined => {
  const fields = parse(line)
  if (fields === undefined) return undefined
  const { pid, told } = fields
  return {
    pid: Number.isSafeInteger(pid) && (pid as number) > 0 ? pid as number : undefined,
    told: typeof told === "string" ? told : undefined
  }
}

/** What was read of a line that has not ended yet; `undefined`: it is too long already, and skipped to its end. */
export type Rest = string | undefined

/** Cuts what has come into lines, without those that are too long, and the rest. */
export const cut = (rest: Rest, chunk: string): readonly [lines: ReadonlyArray<string>, rest: Rest] => {
  const [first = "", ...others] = chunk.split("\n")
  const pieces = [rest === undefined ? undefined : rest + first, ...others]
  const last = pieces.pop()
  return [
    pieces.filter((line) => line !== undefined && line.length <= maxLine) as ReadonlyArray<string>,
    last === undefined || last.length > maxLine ? undefined : last
  ]
}
