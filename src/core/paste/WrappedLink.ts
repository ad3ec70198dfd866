/**
 * Links that mail programs, chats and browsers put in place of an address, and the address that stands in them: as a
 * parameter, in the path, escaped once or more.
 */
/** Percent-decodes once. An invalid escape stays, and so does a plus. */
const decode = (text: string): string =>
  new URLSearchParams(`text=${text.replace(/[+&]/g, encodeURIComponent)}`).get("text") ?? ""

const upTo = (text: string, end: RegExp): string => text.split(end, 1)[0] ?? ""

/** Whether an answer, or a part of it, may stand in a text, escaped or not. */
const mayHoldAnswer = (text: string): boolean => /(?:code|error|state)(?:=|%(?:25)*3d)/i.test(text)

const isEscaped = /^[^?#&=]*%(?:25)*(?:3f|3d)/i

/** An address that is escaped whole, or all but its scheme. */
const unescaped = (link: string): ReadonlyArray<string> => isEscaped.test(link) ? [decode(upTo(link, /[?#&]/))] : []

/**
 * The address that begins inside of another one and goes on to its end, where nothing was escaped: the outer one seems to
 * have its last parameters.
 */
const nested = (link: string): ReadonlyArray<string> => {
  const start = link.slice(1).search(/https?:\/\//i) + 1
  const before = link.slice(0, start)
  // Servers send `iss=https://…` without escapes, too.
  return start < 1 || mayHoldAnswer(before) || /[?&#](?:iss|error_uri)=$/i.test(before) ? [] : [link.slice(start)]
}

/** The same, escaped: in the path, as Cisco has it. */
const nestedEscaped = (link: string): ReadonlyArray<string> => {
  const start = link.slice(1).search(/https?%(?:25)*3a/i) + 1
  return start < 1 ? [] : [link.slice(start)]
}

/** The values of parameters. */
const parameters = (link: string): ReadonlyArray<string> =>
  Array.from(new URLSearchParams(link.replace(/^[^?#]*[?#]/, "").replace(/#/g, "&"))).map(([, value]) => value)

/** Proofpoint 2 has `-` in place of `%`, and `_` of `/`. */
const proofpoint2 = (link: string): ReadonlyArray<string> => {
  const start = link.indexOf("/v2/url?u=")
  return start < 0 ? [] : [decode(upTo(link.slice(start + 10), /[&#]/).replace(/-/g, "%").replace(/_/g, "/"))]
}

/** Check Point and Avanan have it between underscores, as it is, and letters of their own behind. */
const checkPoint = (link: string): ReadonlyArray<string> => {
  const start = link.search(/\/___https?:\/\//i)
  const end = link.lastIndexOf("___.")
  return start < 0 || end < start + 4 ? [] : [link.slice(start + 4, end)]
}

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Decodes base64, of either alphabet, to text; empty where it is none. */
const base64 = (text: string): string => {
  try {
    const bytes = atob(text.replace(/=/g, "").replace(/-/g, "+").replace(/_/g, "/"))
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
  } catch {
    return ""
  }
}

/** Proofpoint 3 has `*` in place of a letter, `**X` of several, and those letters in base64 behind the address. */
const proofpoint3 = (link: string): ReadonlyArray<string> => {
  const start = link.indexOf("/v3/__")
  const end = link.indexOf("__;", start)
  if (start < 0 || end < 0) return []
  const letters = base64(upTo(link.slice(end + 3), /!/))
  let at = 0
  return [
    link.slice(start + 6, end).replace(/\*(?:\*([\w-]))?/g, (mark, length?: string) => {
      const from = at
      at += length === undefined ? 1 : base64Letters.indexOf(length) + 2
      return letters.slice(from, at) || mark
    })
  ]
}

/** Sophos and Bing have the address in base64. */
const inBase64 = (link: string): ReadonlyArray<string> => {
  const [, found] = /[=/](?:a1)?(aHR0c[\w+/-]*)/.exec(link) ?? []
  return found === undefined ? [] : [base64(found)]
}

/** The address in a link that looks like an answer itself, because the one in it was not escaped. */
export const unescapedIn = (link: string): ReadonlyArray<string> =>
  [proofpoint3, checkPoint, nested].flatMap((find) => find(link))

/** What may be the address that a link leads to, the likeliest first. `state` decides whether it is one. */
export const targetsIn = (link: string): ReadonlyArray<string> =>
  [unescaped, proofpoint3, nested, proofpoint2, parameters, nestedEscaped, inBase64]
    .flatMap((find) => find(link))
    .filter(mayHoldAnswer)

const wrappers: ReadonlyArray<RegExp> = [
  /(?:^|\.)safelinks\.protection\.(?:outlook\.com|office365\.us)\//,
  /^statics\.teams\.(?:cdn\.office\.net|microsoft\.com)\//,
  /^(?:www\.)?google\.[a-z.]{2,6}\/url/,
  /(?:^|\.)urldefense\.(?:proofpoint\.com|com|us)\//,
  /^(?:lm?\.facebook|l\.instagram|slack-redir|out\.reddit)\.(?:com|net)\//,
  /^(?:www\.)?linkedin\.com\/(?:redir|safety)\//,
  /^(?:www\.youtube\.com\/redirect|duckduckgo\.com\/l\/|www\.bing\.com\/ck\/|steamcommunity\.com\/linkfilter)/,
  /(?:^|\.)(?:linkprotect\.cudasvc|mimecast|mimecastprotect|secure-web\.cisco|protection\.sophos|fireeye|symantec)\.com\//,
  /^(?:lnkd\.in|t\.co|bit\.ly|goo\.gl|tinyurl\.com|ow\.ly|is\.gd|aka\.ms|buff\.ly|rb\.gy|cutt\.ly)\//
]

/** Whether it is a link of a service that wraps or shortens addresses. */
export const isWrapper = (link: string): boolean => {
  const withoutScheme = link.slice(0, 300).replace(/^https?:\/\//i, "").toLowerCase()
  return wrappers.some((wrapper) => wrapper.test(withoutScheme))
}
