/**
 * A `fetch` against server-side request forgery: it sends nothing to a place that a URL from outside must not lead a service to.
 *
 * Between the look-up of a name here and the one that the connection makes, its address may change. A `fetch` that connects to
 * an address it has checked itself closes that gap; this one closes the others.
 */
import * as TargetCheck from "../core/hosted/TargetCheck.ts"
import { TargetRefused } from "../core/hosted/TargetRefused.ts"
import { addressOf } from "../core/hosted/AddressRange.ts"
import type { FetchLike } from "../mcp/FetchLike.ts"
import type { HostedOptions, Target } from "./HostedOptions.ts"

type Guarding = Pick<HostedOptions, "guard" | "resolve"> & { readonly fetch: FetchLike }

/** What is used of `node:dns/promises`. */
interface SystemNames {
  readonly lookup: (
    hostname: string,
    options: { readonly all: true }
  ) => Promise<ReadonlyArray<{ readonly address: string }>>
}

/** The system's look-up of names, on the runtimes that hand it out without an import: Node, Deno and Bun. */
const systemNames = (): SystemNames | undefined => {
  const { process } = globalThis as unknown as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => SystemNames | undefined }
  }
  try {
    return process?.getBuiltinModule?.("node:dns/promises")
  } catch {
    return undefined
  }
}

const bySystem: NonNullable<HostedOptions["resolve"]> = async (hostname) =>
  (await systemNames()?.lookup(hostname, { all: true }) ?? []).map(({ address }) => address)

const targetOf = async (url: URL, resolve: NonNullable<HostedOptions["resolve"]>): Promise<Target> => {
  const address = addressOf(url.hostname)
  return { url, addresses: address === undefined ? await resolve(url.hostname) : [address] }
}

const allowed = async (guard: NonNullable<HostedOptions["guard"]>, target: Target): Promise<boolean> => {
  try {
    return await guard(target) === true
  } catch {
    return false
  }
}

/** Why a request may not be sent to a URL; `undefined` when it may. Rejects as the look-up of its name does. */
const problemOf = async ({ guard, resolve = bySystem }: Guarding, url: URL): Promise<TargetRefused | undefined> => {
  if (guard === undefined) {
    return TargetCheck.ofUrl(url) ?? TargetCheck.problemOf(await targetOf(url, resolve))
  }
  return await allowed(guard, await targetOf(url, resolve))
    ? undefined
    : new TargetRefused({ reason: "Guard", host: url.hostname })
}

/**
 * The `fetch`. It follows no redirect by itself, so that each is checked: its caller follows them.
 *
 * @param onRefused Told of a request that was not sent, because what calls it may not keep the error.
 */
export const make =
  (options: Guarding, onRefused: (refused: TargetRefused) => void = () => {}): FetchLike => async (input, init) => {
    const url = new URL(input)
    const refused = await problemOf(options, url)
    if (refused !== undefined) {
      onRefused(refused)
      throw refused
    }
    init?.signal?.throwIfAborted()
    return await options.fetch(url, { ...init, redirect: init?.redirect === "error" ? "error" : "manual" })
  }
