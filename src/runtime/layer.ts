/**
 * The services on a real machine, the same for Node, Deno and Bun. Each part is loaded on first use: a program that only
 * might sign in pays for none of it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CallbackServer } from "../services/CallbackServer.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import { fromSource, PasteInput } from "../services/PasteInput.ts"
import { Presenter } from "../services/Presenter.ts"
import { hub } from "./StdinHub.ts"

/** Everything a flow needs. */
export type Services = CallbackServer | PasteInput | Presenter | CredentialStore

const server = CallbackServer.make((address, port, serve) =>
  Effect.flatMap(Effect.promise(() => import("./HttpListener.ts")), ({ listen }) => listen(address, port, serve))
)

const paste = Effect.sync((): PasteInput => {
  const { retain, router, subscribe } = hub()
  return fromSource({
    router,
    subscribe,
    hold: Effect.flatMap(
      Effect.promise(() => import("./StdinReader.ts")),
      ({ attach }) =>
        Effect.asVoid(Effect.acquireRelease(Effect.sync(() => retain(attach)), (release) => Effect.sync(release)))
    )
  })
})

const terminal = Effect.promise(() => import("./TerminalPresenter.ts"))

/** How the terminal presenter opens the browser; without it, the system's where the person can see it. */
export type OpenBrowser = (url: URL) => Effect.Effect<unknown>

/** Shows sign-ins on stderr. */
export const presenter = (openBrowser?: OpenBrowser): Presenter => ({
  show: (pending) => Effect.flatMap(terminal, ({ show }) => show(pending, openBrowser)),
  notice: (notice) => Effect.flatMap(terminal, ({ notify }) => notify(notice))
})

/** Listens on the loopback interface, reads stdin, writes to stderr, opens the browser. */
export const layerInteractive: Layer.Layer<CallbackServer | PasteInput | Presenter> = Layer.mergeAll(
  Layer.succeed(CallbackServer, server),
  Layer.effect(PasteInput, paste),
  Layer.sync(Presenter, presenter)
)

/** The same with credentials kept until the process ends. */
export const layer: Layer.Layer<Services> = Layer.merge(
  layerInteractive,
  Layer.effect(CredentialStore, CredentialStore.memory)
)
