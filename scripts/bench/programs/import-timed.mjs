// Prints how many milliseconds an import takes.
import process from "node:process"

const start = performance.now()
await import(process.argv[2])
process.stdout.write(`[${performance.now() - start}]\n`)
