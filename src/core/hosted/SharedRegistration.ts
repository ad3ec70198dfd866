/**
 * The registration that all people of a service share at one server: whether it may be used, and when to doubt it.
 *
 * A server that has forgotten it shows a page of its own, and no answer comes back; but people leave sign-ins unfinished all
 * the time. So a sign-in is noted as a trial once a day at most, and where no answer of anybody has come for a while after
 * that, the next one registers anew.
 */
import * as Redacted from "effect/Redacted"
import type { ClientRegistration } from "../mcp/Credentials.ts"

const dayMillis = 24 * 60 * 60 * 1000

/** How long after a trial an answer of anybody has time to come. */
export const trialMillis: number = 30 * 60 * 1000

const field = "hosted_at"

/** When it was registered, confirmed by an answer or put to the trial last, in milliseconds since 1970-01-01 UTC. */
const lastOf = ({ extra }: ClientRegistration): number => {
  const at = extra === undefined ? undefined : Redacted.value(extra)[field]
  return typeof at === "number" ? at : 0
}

/** The registration, confirmed now: just registered, or an answer came. */
export const confirmed = (
  { isInDoubt: _, isUnknown: __, ...client }: ClientRegistration,
  now: number
): ClientRegistration => ({
  ...client,
  extra: Redacted.make({ ...(client.extra === undefined ? {} : Redacted.value(client.extra)), [field]: now })
})

/** The registration, put to the trial now. */
export const onTrial = (client: ClientRegistration, now: number): ClientRegistration => ({
  ...confirmed(client, now),
  isInDoubt: true
})

/** The registration, of which the server said that it does not know it. */
export const unknown = (client: ClientRegistration): ClientRegistration => ({
  ...client,
  isInDoubt: true,
  isUnknown: true
})

/** How long a registration that works is not given up for what a browser brings. */
const trustedMillis = 10 * 60 * 1000

/**
 * Whether an answer through a browser, which its person can write, is believed that the server does not know it. Else one
 * person could have it registered again and again, until the server registers nobody any more.
 */
export const mayBeForgotten = (client: ClientRegistration, now: number): boolean =>
  Math.abs(now - lastOf(client)) >= trustedMillis

/** Whether a sign-in with it is to be noted as a trial. */
export const isTrialDue = (client: ClientRegistration, now: number): boolean =>
  client.isInDoubt !== true && now - lastOf(client) >= dayMillis

/** Whether an answer that came has to be noted: it ends a trial. */
export const isConfirmationDue = (client: ClientRegistration): boolean => client.isInDoubt === true

/** The registration as a sign-in that begins now sees it: one on trial is not in doubt as long as an answer may come. */
export const asSeen = (client: ClientRegistration, now: number): ClientRegistration => {
  const { isInDoubt: _, ...rest } = client
  return client.isInDoubt === true && client.isUnknown !== true && now - lastOf(client) < trialMillis ? rest : client
}
