/**
 * What the browser stand-in reads of a page: its words, and its form.
 */

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }

const unescapeHtml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    if (name === undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    return entities[name] ?? whole
  })

const attributesOf = (tag: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...tag.matchAll(/([a-z-]{1,50})=(?:"([^"]*)"|'([^']*)')/gi)]
      .map(([, name = "", double, single]) => [name.toLowerCase(), unescapeHtml(double ?? single ?? "")])
  )

/** A form. */
export interface Form {
  readonly action: URL
  readonly method: "GET" | "POST"
  /** What its fields hold. */
  readonly fields: URLSearchParams
  /** The buttons that send something, by what they send and say. */
  readonly buttons: ReadonlyArray<{ readonly name: string; readonly value: string; readonly label: string }>
}

/** What a person reads on a page, in one line. */
export const textOf = (html: string): string =>
  unescapeHtml(html.replace(/<(style|script|title|head)\b.*?<\/\1>/gis, "").replace(/<[^<>]*>/g, " "))
    .replace(/\s+/g, " ").trim()

/** The first form of the page at an address. */
export const formOf = (url: URL, html: string): Form | undefined => {
  const [, tag, inside = ""] = /(<form\b[^>]*>)(.*?)(?:<\/form>|$)/is.exec(html) ?? []
  if (tag === undefined) return undefined
  const fields = new URLSearchParams()
  const buttons: Array<Form["buttons"][number]> = []
  for (const [input] of inside.matchAll(/<input\b[^>]*>/gi)) {
    const { name, type = "text", value = "" } = attributesOf(input)
    if (/^(submit|button|image|reset)$/i.test(type)) {
      if (type.toLowerCase() === "submit") buttons.push({ name: name ?? "", value, label: value })
    } else if (name !== undefined) fields.append(name, value)
  }
  for (const [, button = "", label = ""] of inside.matchAll(/(<button\b[^>]*>)(.*?)<\/button>/gis)) {
    const { name = "", value = "" } = attributesOf(button)
    buttons.push({ name, value, label: textOf(label) })
  }
  const { action, method = "get" } = attributesOf(tag)
  return { action: new URL(action ?? url.href, url), method: /^post$/i.test(method) ? "POST" : "GET", fields, buttons }
}
