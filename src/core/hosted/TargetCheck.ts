/**
 * Whether a request of a hosted sign-in may be sent to a URL.
 */
import * as AddressRange from "./AddressRange.ts"
import { TargetRefused } from "./TargetRefused.ts"

/** Where a request leads: its URL, and the addresses of its host as far as they are known. */
export interface Checked {
  readonly url: URL
  readonly addresses: ReadonlyArray<string>
}

/** Why nothing is to be sent to a URL whose host is not looked up; `undefined` where its addresses decide. */
export const ofUrl = (url: URL): TargetRefused | undefined => {
  const { hostname: host, protocol } = url
  if (protocol !== "https:") return new TargetRefused({ reason: "NotHttps", host })
  const address = AddressRange.addressOf(host)
  if (address === undefined) {
    return AddressRange.isOwnName(host) ? new TargetRefused({ reason: "Name", host }) : undefined
  }
  const kind = AddressRange.kindOf(address)
  return kind === undefined ? undefined : new TargetRefused({ reason: "Address", host, kind })
}

/**
 * Why nothing is to be sent there; `undefined` when something may be. One address that is not public is enough: whoever
 * connects may choose any.
 */
export const problemOf = ({ addresses, url }: Checked): TargetRefused | undefined => {
  const byItself = ofUrl(url)
  if (byItself !== undefined) return byItself
  const kind = addresses.map(AddressRange.kindOf).find((each) => each !== undefined)
  return kind === undefined ? undefined : new TargetRefused({ reason: "Address", host: url.hostname, kind })
}
