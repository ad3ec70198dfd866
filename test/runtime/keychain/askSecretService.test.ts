import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { askSecretService } from "../../../src/runtime/keychain/askSecretService.ts"

/** The path of a socket, where something answers. */
const listening = (answer: (socket: Socket) => void): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const folder = mkdtempSync(join(tmpdir(), "bus-"))
        const sockets = new Set<Socket>()
        const server = createServer((socket) => {
          sockets.add(socket.on("error", () => {}))
          answer(socket)
        })
        await new Promise<void>((resolve) => server.listen(join(folder, "bus"), resolve))
        return { folder, server, sockets }
      }),
      ({ folder, server, sockets }) =>
        Effect.promise(async () => {
          for (const socket of sockets) socket.destroy()
          await new Promise((resolve) => server.close(resolve))
          rmSync(folder, { recursive: true, force: true })
        })
    ),
    ({ folder }) => join(folder, "bus")
  )

const ask = (sockets: ReadonlyArray<string> | undefined, millis = 5000) =>
  Effect.promise(() => askSecretService(sockets, millis))

describe("askSecretService", () => {
  it.scopedLive("says where there is no bus, and where no address is of this machine", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask(undefined), "Busless")
      assert.strictEqual(yield* ask([]), "BusUnknown")
      assert.strictEqual(yield* ask(["/nothing/here"]), "BusUnreachable")
    }))

  it.scopedLive("does not wait for a bus that takes connections and never answers", () =>
    Effect.gen(function* () {
      const silent = yield* listening(() => {})
      assert.strictEqual(yield* ask([silent], 50), "Silent")
    }))

  it.scopedLive("does not wait for a bus that stops in the middle of an answer", () =>
    Effect.gen(function* () {
      const stuck = yield* listening((socket) => socket.write("DATA"))
      assert.strictEqual(yield* ask([stuck], 50), "Silent")
      const authenticated = yield* listening((socket) => socket.write("OK 1234\r\nl\x02\0\x01"))
      assert.strictEqual(yield* ask([authenticated], 50), "Silent")
    }))

  it.scopedLive("takes what refuses, hangs up or speaks otherwise for no bus, and tries the next address", () =>
    Effect.gen(function* () {
      const refusing = yield* listening((socket) => socket.write("REJECTED ANONYMOUS\r\n"))
      const closing = yield* listening((socket) => socket.end())
      const other = yield* listening((socket) => socket.write("OK 1234\r\nHTTP/1.1 400 Bad Request\r\n\r\n"))
      const silent = yield* listening(() => {})
      assert.strictEqual(yield* ask([refusing]), "BusUnreachable")
      assert.strictEqual(yield* ask([closing]), "BusUnreachable")
      assert.strictEqual(yield* ask([other]), "BusUnreachable")
      assert.strictEqual(yield* ask([refusing, closing, "/nothing/here", other, silent], 300), "Silent")
    }))
})
