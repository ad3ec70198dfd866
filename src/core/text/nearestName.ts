/**
 * Which name was meant by one that does not exist.
 */

/** How many letters have to be put in, left out or replaced to make one text of the other (Levenshtein distance). */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (const [at, each] of [...other].entries()) {
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (letter === each ? 0 : 1)))
    }
    row = next
  }
  return row[other.length] ?? 0
}

/**
 * The nearest of the names, whatever the case of the letters: at most two letters away, or one where the name has three or
 * fewer. `undefined` where there is none.
 */
export const nearestName = (name: string, names: ReadonlyArray<string>): string | undefined => {
  // No name is that long. What is long costs time.
  if (name.length > 100) return undefined
  let least = name.length > 3 ? 2 : 1
  let nearest: string | undefined
  for (const each of names) {
    const letters = distance(name.toLowerCase(), each.toLowerCase())
    if (letters > least || (letters === least && nearest !== undefined)) continue
    least = letters
    nearest = each
  }
  return nearest
}
