/** Circles of files that import each other. */
import type { Sources } from "./imports.ts"
import { targets } from "./imports.ts"
import type { Problem } from "./Problem.ts"

type Graph = ReadonlyMap<string, ReadonlyArray<string>>

/** The shortest way from a file back to itself, found breadth first. */
const shortestCircle = (graph: Graph, start: string): ReadonlyArray<string> | undefined => {
  const ways = new Map<string, ReadonlyArray<string>>([[start, [start]]])
  for (const [file, way] of ways) {
    for (const target of graph.get(file) ?? []) {
      if (target === start) return way
      if (!ways.has(target)) ways.set(target, [...way, target])
    }
  }
}

/** The same circle, begun at the file that comes first in the alphabet. */
const rotated = (circle: ReadonlyArray<string>): ReadonlyArray<string> => {
  const first = circle.indexOf([...circle].sort()[0] ?? "")
  return [...circle.slice(first), ...circle.slice(0, first)]
}

/** For each file that is part of a circle, the shortest one; a circle of several files is told once. */
export const findCircles = (graph: Graph): ReadonlyArray<ReadonlyArray<string>> => {
  const circles = new Map<string, ReadonlyArray<string>>()
  for (const file of graph.keys()) {
    const found = shortestCircle(graph, file)
    if (found === undefined) continue
    const circle = rotated(found)
    circles.set(circle.join(" "), circle)
  }
  return [...circles.values()]
}

/** No file imports itself through others. Imports of types and those made when first needed count too. */
export const checkCircles = (sources: Sources): ReadonlyArray<Problem> => {
  const graph = new Map([...sources].map(([file, source]) => [file, targets(file, source)]))
  return findCircles(graph).map((circle) => ({
    file: circle[0] ?? "",
    use: "circle",
    text: `these import each other in a circle: ${[...circle, circle[0]].join(" -> ")}`
  }))
}
