/**
 * How the browser stand-in gets from page to page.
 */
import { makeCookieJar } from "./CookieJar.ts"
import { type Form, formOf, textOf } from "./HtmlPage.ts"
import { BrowserError, type BrowserResponse, requestAsBrowser } from "./requestAsBrowser.ts"

/**
 * What the person sees.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page {
  /** What the address bar shows. */
  readonly url: string
  /** The HTTP status. */
  readonly status: number
  /** What the person reads, in one line. */
  readonly text: string
  /** The page as it was sent. */
  readonly html: string
}

/** A step of a browser. */
export interface Navigation {
  readonly url: URL
  /** The fields of a form sent by POST. */
  readonly form?: URLSearchParams
}

/** Where the browser is. */
export interface Loaded extends Navigation {
  readonly response: BrowserResponse
}

/** Where a visit stands when the sign-in pages have done their part. */
interface Sent {
  readonly callback: Navigation
  readonly pressedNo: boolean
}

// Longest way there is: authorize, sign-in page, its answer, resume, and the same once more after a lost session.
const maxNavigations = 20
const maxRedirects = 10

const saysNo = /^(deny|denied|cancel|decline|reject|refuse|disagree|no)\b/i

/** What pressing a button sends; `undefined` where there is none for the answer. */
const press = (
  { action, buttons, fields, method }: Form,
  { deny, user }: { readonly deny: boolean; readonly user: string | undefined }
): Navigation | undefined => {
  const sent = new URLSearchParams(fields)
  if (sent.has("user")) sent.set("user", user ?? (sent.get("user") || "person"))
  // A form without a button is sent by a script of its page.
  if (buttons.length === 0 && sent.has("answer")) sent.set("answer", deny ? "deny" : "allow")
  const button = buttons.find(({ label, value }) => (saysNo.test(value) || saysNo.test(label)) === deny)
  if (buttons.length > 0 && button === undefined) return undefined
  if (button !== undefined && button.name !== "") sent.set(button.name, button.value)
  if (method === "POST") return { url: action, form: sent }
  const url = new URL(action)
  url.search = sent.toString()
  return { url }
}

const redirectOf = ({ response: { headers, status }, url }: Loaded): URL | undefined =>
  status >= 300 && status < 400 && typeof headers.location === "string" ? new URL(headers.location, url) : undefined

/** Where a person is, without the query: that may hold secrets. */
const placeOf = ({ url }: Navigation): string => `${url.origin}${url.pathname}`

const stuck = (why: string, loaded: Loaded): BrowserError => {
  const text = textOf(loaded.response.body).slice(0, 200)
  return new BrowserError(
    `The browser got stuck on ${placeOf(loaded)}: ${why}. The page has status ${loaded.response.status} and ` +
      (text === "" ? "is empty" : `says: ${text}`)
  )
}

/** The address to paste. A `form_post` answer is in no address, so its fields are written where a query has them. */
export const addressOf = ({ form, url }: Navigation): string =>
  form === undefined ? url.href : `${placeOf({ url })}?${form}`

const pageOf = ({ response: { body, status }, url }: Loaded): Page => ({
  url: url.href,
  status,
  text: textOf(body),
  html: body
})

/** What the pages of a browser have in common. */
export interface NavigatorOptions {
  readonly user?: string | undefined
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A browser with cookies of its own. */
export interface Navigator {
  readonly load: (navigation: Navigation) => Promise<Loaded>
  /** Goes where redirects lead. */
  readonly follow: (loaded: Loaded) => Promise<Page>
  /** Answers the sign-in pages, up to the step that leads back to the program. */
  readonly comeBack: (address: URL | string, deny: boolean) => Promise<Navigation>
  /** Opens a sign-in page, and does nothing there. */
  readonly wanderOff: (address: URL | string) => Promise<Page>
}

/** A browser without cookies. */
export const makeNavigator = ({ signal, timeout, user }: NavigatorOptions = {}): Navigator => {
  const cookies = makeCookieJar()

  const load = async (navigation: Navigation): Promise<Loaded> => {
    const { form, url } = navigation
    const cookie = cookies.header(url)
    const response = await requestAsBrowser(url, { form, signal, timeout, headers: cookie === "" ? {} : { cookie } })
    const lines = response.headers["set-cookie"]
    cookies.store(url, typeof lines === "string" ? [lines] : lines)
    return { ...navigation, response }
  }

  const follow = async (loaded: Loaded): Promise<Page> => {
    let here = loaded
    for (let left = maxRedirects; left > 0; left--) {
      const url = redirectOf(here)
      if (url === undefined) return pageOf(here)
      here = await load({ url })
    }
    throw stuck(`it was redirected more than ${maxRedirects} times`, here)
  }

  /**
   * Whether an address is the program's and no longer a page of the sign-in. Where no request says where it leads back to, the
   * first address of another origin is.
   */
  const returning = (start: URL) => {
    let redirectUri: string | null = null
    return (from: Navigation, to: Navigation): boolean => {
      redirectUri = from.url.searchParams.get("redirect_uri") ?? redirectUri
      return redirectUri !== null && URL.canParse(redirectUri)
        ? placeOf(to) === placeOf({ url: new URL(redirectUri) })
        : to.url.origin !== start.origin
    }
  }

  const signIn = async (address: URL | string, deny: boolean): Promise<Sent> => {
    const start = new URL(address)
    const isBack = returning(start)
    let here = await load({ url: start })
    let pressedNo = false
    for (let left = maxNavigations; left > 0; left--) {
      const redirect = redirectOf(here)
      const form = redirect === undefined ? formOf(here.url, here.response.body) : undefined
      if (redirect === undefined && form === undefined) throw stuck("it leads nowhere", here)
      const next = redirect === undefined ? form && press(form, { deny, user }) : { url: redirect }
      if (next === undefined) throw stuck(`no button there says ${deny ? "no" : "yes"}`, here)
      if (form !== undefined && (form.buttons.length > 0 || form.fields.has("answer"))) pressedNo = deny
      if (isBack(here, next)) return { callback: next, pressedNo }
      here = await load(next)
    }
    throw stuck(`it led on and on, ${maxNavigations} pages long`, here)
  }

  const comeBack = async (address: URL | string, deny: boolean): Promise<Navigation> => {
    const { callback, pressedNo } = await signIn(address, deny)
    if (deny && !pressedNo && !new URL(addressOf(callback)).searchParams.has("error")) {
      throw new BrowserError(
        `The browser cannot say no: ${placeOf({ url: new URL(address) })} agreed without asking. ` +
          `With the server of this kit, set knobs.authorize to "ask"`
      )
    }
    return callback
  }

  const wanderOff = async (address: URL | string): Promise<Page> => {
    const start = new URL(address)
    const isBack = returning(start)
    let here = await load({ url: start })
    for (let left = maxRedirects; left > 0; left--) {
      const url = redirectOf(here)
      if (url === undefined || isBack(here, { url })) return pageOf(here)
      here = await load({ url })
    }
    throw stuck(`it was redirected more than ${maxRedirects} times`, here)
  }

  return { load, follow, comeBack, wanderOff }
}
