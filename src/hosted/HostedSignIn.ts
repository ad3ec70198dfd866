/**
 * Sign-ins of an agent that is a web service.
 */
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import type { HostedOptions, HostedSignIn } from "./HostedOptions.ts"

/** See `HostedSignIn.make`. */
export const make = (_options: HostedOptions): Effect.Effect<HostedSignIn, InvalidOptions, CredentialStore> =>
  Effect.flatMap(CredentialStore, () => Effect.dieMessage("not written yet"))
