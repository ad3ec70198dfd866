/**
 * The cookies of the browser stand-in: as much of RFC 6265 as sign-in pages need.
 */

interface Cookie {
  readonly host: string
  readonly name: string
  readonly value: string
  readonly path: string
}

/** Cookies by host, name and path. */
export interface CookieJar {
  /** Takes the lines of `Set-Cookie` of an answer. */
  readonly store: (url: URL, lines: ReadonlyArray<string> | undefined) => void
  /** What is sent to an address; empty when there is nothing. */
  readonly header: (url: URL) => string
}

/** No cookies; `now` decides which have expired. */
export const makeCookieJar = (now: () => number = () => Date.now()): CookieJar => {
  const jar = new Map<string, Cookie>()
  return {
    store: (url, lines = []) => {
      for (const line of lines) {
        const [pair = "", ...attributes] = line.split(";").map((part) => part.trim())
        const attribute = (wanted: string) =>
          attributes.map((text) => text.split("=")).find(([name]) => name?.toLowerCase() === wanted)?.slice(1).join("=")
        const name = pair.slice(0, pair.indexOf("="))
        const path = attribute("path") ?? "/"
        const key = `${url.hostname} ${name} ${path}`
        const expires = attribute("expires")
        if (attribute("max-age") === "0" || (expires !== undefined && Date.parse(expires) <= now())) jar.delete(key)
        else jar.set(key, { host: url.hostname, name, value: pair.slice(name.length + 1), path })
      }
    },
    header: ({ hostname, pathname }) =>
      [...jar.values()]
        .filter(({ host, path }) =>
          host === hostname && (pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
        )
        .map(({ name, value }) => `${name}=${value}`)
        .join("; ")
  }
}
