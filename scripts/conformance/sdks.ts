/**
 * The MCP SDKs that the client under test can be run with.
 */

/** An SDK, or none. */
export type Sdk = "v1" | "v2" | "none"

/** All of them. */
export const sdks: ReadonlyArray<Sdk> = ["v1", "v2", "none"]

/** The package of each SDK, and a module of it. */
export const packages: Readonly<Record<Exclude<Sdk, "none">, { readonly name: string; readonly module: string }>> = {
  v1: { name: "@modelcontextprotocol/sdk", module: "@modelcontextprotocol/sdk/client/index.js" },
  v2: { name: "@modelcontextprotocol/client", module: "@modelcontextprotocol/client" }
}

/** Whether a text names an SDK. */
export const isSdk = (text: string | undefined): text is Sdk => sdks.some((sdk) => sdk === text)

/** Fails when an SDK other than this one can be loaded: what was measured would then say nothing about this one alone. */
export const assertAlone = async (sdk: Sdk): Promise<void> => {
  for (const [name, { module }] of Object.entries(packages)) {
    if (name === sdk) continue
    const isLoaded = await import(module).then(() => true, () => false)
    if (isLoaded) throw new Error(`${module} can be loaded, and the run is for "${sdk}" alone`)
  }
}
