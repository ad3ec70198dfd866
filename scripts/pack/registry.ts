/**
 * A package registry on this machine that has the packed package beside everything of the registry that npm uses: Deno
 * installs by name only, and no tarball.
 */
import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const hash = (algorithm: string, bytes: Buffer, encoding: "base64" | "hex") =>
  createHash(algorithm).update(bytes).digest(encoding)

/** A registry that runs. */
export interface ServedRegistry {
  readonly url: string
  readonly close: () => void
}

/**
 * Serves a tarball of the package as its newest version.
 *
 * @param registry The registry that has everything else.
 */
export const serveTarball = async (tarball: string, registry: string): Promise<ServedRegistry> => {
  const { name, version, ...own } = JSON.parse(readFileSync("package.json", "utf8"))
  const bytes = readFileSync(tarball)
  const file = `/${name}/-/${name}-${version}.tgz`
  const server = createServer(async ({ headers, url = "/" }, response) => {
    try {
      if (url === file) return response.end(bytes)
      if (url === `/${name}`) {
        const { port } = server.address() as AddressInfo
        const dist = {
          tarball: `http://127.0.0.1:${port}${file}`,
          integrity: `sha512-${hash("sha512", bytes, "base64")}`,
          shasum: hash("sha1", bytes, "hex")
        }
        response.setHeader("content-type", "application/json")
        return response.end(
          JSON.stringify({
            name,
            "dist-tags": { latest: version },
            versions: { [version]: { ...own, name, version, dist } }
          })
        )
      }
      const other = await fetch(registry.replace(/\/$/, "") + url, { headers: { accept: headers.accept ?? "*/*" } })
      response.writeHead(other.status, { "content-type": other.headers.get("content-type") ?? "application/json" })
      response.end(Buffer.from(await other.arrayBuffer()))
    } catch (error) {
      response.writeHead(502).end(String(error))
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
