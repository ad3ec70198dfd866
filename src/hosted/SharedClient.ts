/**
 * The client that all people of this service share at one server.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SharedRegistration from "../core/hosted/SharedRegistration.ts"
import * as AuthorizationScope from "../core/mcp/AuthorizationScope.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { ClientRegistration, CredentialKey, Credentials } from "../core/mcp/Credentials.ts"
import * as SharedKey from "../core/mcp/SharedKey.ts"
import type { RegistrationError, UntrustedMetadata } from "../core/mcp/SignInError.ts"
import type { Discovered } from "../mcp/Discovery.ts"
import type { ServerEnvironment } from "../mcp/Environment.ts"
import * as Registration from "../mcp/Registration.ts"
import * as Stored from "../mcp/Stored.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"

/**
 * What the shared registration is stored under: beside the credentials of people, and for one redirect URI, so that two
 * services with one store do not replace each other's.
 */
export const keyOf = (server: URL, redirectUri: string): CredentialKey => ({
  serverUrl: server.href,
  variant: SharedKey.variantOf(redirectUri)
})

/** A client, and whether the options named it. */
export interface Chosen {
  readonly client: ClientRegistration
  readonly isFixed: boolean
}

type Refused = CredentialStoreError | RegistrationError | UntrustedMetadata

/**
 * The client for a sign-in that begins: the one of the options, the one that was registered before, or a new one.
 *
 * A new one is registered within one `modify` of the store: of the sign-ins that begin at the same time, on all machines, one
 * registers, and the others use its client.
 *
 * @param env Its key is that of {@link keyOf}.
 */
export const choose = (
  env: ServerEnvironment,
  discovered: Discovered,
  redirectUri: string,
  scope: string | undefined,
  stored: Option.Option<Credentials>
): Effect.Effect<Chosen, Refused> => {
  const { server } = discovered
  const choiceOf = (current: Option.Option<Credentials>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const seen = Option.map(current, ({ client, ...rest }) => ({
        ...rest,
        client: client && SharedRegistration.asSeen(client, now)
      }))
      return Effect.map(
        ClientChoice.choose(env.label, server, Option.getOrUndefined(seen), env, now),
        (choice): Chosen | undefined =>
          choice._tag === "Fixed" || (choice._tag === "Stored" && ClientChoice.isRegistered(choice.client, redirectUri))
            ? { client: choice.client, isFixed: choice._tag === "Fixed" }
            : undefined
      )
    })
  return Effect.flatMap(
    choiceOf(stored),
    (chosen) =>
      chosen !== undefined ? Effect.succeed(chosen) : Stored.modify(env, (current) =>
        Effect.gen(function* () {
          const registered = yield* choiceOf(current)
          if (registered !== undefined) return [registered, current] as const
          const wanted = AuthorizationScope.toRegister(env, scope, discovered)
          const made = yield* Registration.register(env, discovered, redirectUri, wanted)
          const client = SharedRegistration.confirmed(made, yield* Clock.currentTimeMillis)
          const extra = Option.getOrUndefined(current)?.extra
          return [{ client, isFixed: false }, Option.some({ issuer: server.issuer, client, extra })] as const
        }))
  )
}

/** Changes the shared registration, where it still is that of this client. */
const change = (
  env: Pick<ServerEnvironment, "key" | "store">,
  clientId: string,
  next: (client: ClientRegistration) => ClientRegistration
): Effect.Effect<void, CredentialStoreError> =>
  Stored.modify(env, (current) =>
    Effect.succeed([
      undefined,
      Option.map(
        current,
        (kept) => kept.client?.clientId === clientId ? { ...kept, client: next(kept.client) } : kept
      )
    ]))

/** Notes that a sign-in is begun with a registration of which nothing was heard for a while. */
export const tryOut = (
  env: ServerEnvironment,
  { client, isFixed }: Chosen,
  stored: Option.Option<Credentials>
): Effect.Effect<void, CredentialStoreError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const kept = Option.getOrUndefined(stored)?.client
    const isDue = !isFixed && kept?.clientId === client.clientId && SharedRegistration.isTrialDue(kept, now)
    return isDue ? change(env, client.clientId, (each) => SharedRegistration.onTrial(each, now)) : Effect.void
  })

/**
 * Notes that the server knows the registration, or does not.
 *
 * @param isProven Whether the server said so itself, and not a browser in its name.
 */
export const note = (
  env: Pick<ServerEnvironment, "key" | "store">,
  clientId: string,
  isKnown: boolean,
  isProven: boolean
): Effect.Effect<void, CredentialStoreError> =>
  isKnown
    ? Effect.flatMap(Stored.load(env), (stored) => {
      const client = Option.getOrUndefined(stored)?.client
      return client?.clientId !== clientId || !SharedRegistration.isConfirmationDue(client)
        ? Effect.void
        : Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => change(env, clientId, (each) => SharedRegistration.confirmed(each, now))
        )
    })
    : Effect.flatMap(Clock.currentTimeMillis, (now) =>
      change(
        env,
        clientId,
        (each) => isProven || SharedRegistration.mayBeForgotten(each, now) ? SharedRegistration.unknown(each) : each
      ))
