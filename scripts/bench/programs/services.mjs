// The layers of the runtime that runs this.
const runtime = "Deno" in globalThis ? "deno" : "node"

export const { layer, layerFile } = await import(`effect-oauth-callback/${runtime}`)
