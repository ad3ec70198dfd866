/**
 * Sign-ins of an agent that is a web service.
 */
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import type { CredentialStore } from "../services/CredentialStore.ts"
import { begin } from "./begin.ts"
import * as GuardedFetch from "./GuardedFetch.ts"
import { handle } from "./handle.ts"
import type { HostedOptions, HostedSignIn } from "./HostedOptions.ts"
import * as Settings from "./Settings.ts"

/** See `HostedSignIn.make`. */
export const make = (options: HostedOptions): Effect.Effect<HostedSignIn, InvalidOptions, CredentialStore> =>
  Effect.map(Settings.make(options), (settings): HostedSignIn => ({
    begin: (begun) => begin(settings, begun),
    handle: (request) => handle(settings, request),
    fetch: GuardedFetch.make(settings)
  }))
