/**
 * Listening on a socket that processes of one machine meet at.
 */
import type { Server } from "node:net"

/**
 * Has a server listen on the path of a socket, or the name of a pipe. Neither keeps the process alive. Rejects as the system
 * does.
 */
export const listenAt = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    try {
      server.listen(path, () => {
        server.off("error", reject)
        // A failed accept concerns one who connects.
        server.on("error", () => {})
        server.unref()
        resolve()
      })
    } catch (error) {
      // Deno throws where others emit.
      reject(error)
    }
  })
