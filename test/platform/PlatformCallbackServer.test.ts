/** The laws over servers of `@effect/platform`, and what each of them cannot promise. */
import { NodeHttpServer } from "@effect/platform-node"
import { createServer } from "node:http"
import { layerHttpServer } from "../../src/platform.ts"
import { listenerLaws } from "../laws/listenerLaws.ts"

listenerLaws(
  "layerHttpServer over NodeHttpServer",
  layerHttpServer(({ host, port }) => NodeHttpServer.make(() => createServer(), { host, port })),
  {
    cannot: [
      // `createServer` reads 16 KiB of headers unless told otherwise, and what it refuses never reaches the route.
      "headers up to 64 KiB",
      "400 for what is not HTTP",
      "one request a connection",
      // Node ends a connection whose client has ended its side.
      "junk behind a callback",
      // It waits for a silent or half-sent connection as long as the client likes.
      "release within a second"
    ]
  }
)
