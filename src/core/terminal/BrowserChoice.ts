/**
 * Chooses how to open the browser: by the environment variable `BROWSER`, else by the system where the person can see it,
 * else not at all.
 */
import { placeOf, type Surroundings } from "./Surroundings.ts"

/** A program and its arguments, one of which holds the URL. It is started directly, never through a shell. */
export interface Command {
  readonly program: string
  readonly args: ReadonlyArray<string>
}

/** Ways to open a URL. */
export interface BrowserChoice {
  /** The commands in `BROWSER`, to be tried in this order. */
  readonly commands: ReadonlyArray<Command>
  /** Whether the system's browser is opened, when `BROWSER` names none. */
  readonly system: boolean
}

/** Splits a command line as a shell does, at white space outside of quotes, but expands nothing. */
const wordsOf = (text: string): ReadonlyArray<string> =>
  (text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).map((word) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_quoted, double?: string, single?: string) => double ?? single ?? "")
  )

/** Replaces each `%s` by the URL, or appends the URL when there is none; `%%` is a percent sign. */
const withUrl = (words: ReadonlyArray<string>, url: string): ReadonlyArray<string> => {
  let hasUrl = false
  const filled = words.map((word) =>
    word.replace(/%[s%]/g, (mark) => {
      if (mark === "%%") return "%"
      hasUrl = true
      return url
    })
  )
  return hasUrl ? filled : [...filled, url]
}

// A shell reads the word after one of these flags; `cmd` and PowerShell read all words.
const shellFlag = /^(?:-\w*c|\/[ck]|-command|-encodedcommand)$/i
const shellProgram = /(?:^|[\\/])(?:cmd|powershell|pwsh)(?:\.exe)?$/i

/** Whether a shell would read the URL. */
const isShellLine = (words: ReadonlyArray<string>): boolean =>
  words.some((word) => shellProgram.test(word)) ||
  words.some((word, index) => /%s/.test(word) && (/[\s"']/.test(word) || shellFlag.test(words[index - 1] ?? "")))

/** An entry may be the path of a program, with spaces; a program and its arguments; or, on macOS, the name of an app. */
const commandsOf = (entry: string, url: string, platform: string): ReadonlyArray<Command> => {
  // Old scripts end in `&`, for a shell.
  const words = wordsOf(entry.replace(/(?:^|\s)&$/, ""))
  const [program = "", ...args] = words
  if (program === "" || isShellLine(words)) return []
  const isPath = /[\\/]/.test(entry)
  const whole: ReadonlyArray<Command> = isPath && args.length > 0 ? [{ program: entry, args: [url] }] : []
  // Windows would take `C:\Program` for the program of an unquoted path.
  if (platform === "win32" && /^(?:[a-z]:|\\\\)/i.test(entry) && !/\.(?:exe|com)$/i.test(program)) return whole
  return [
    ...whole,
    { program, args: withUrl(args, url) },
    ...platform === "darwin" && !isPath ? [{ program: "open", args: ["-a", entry, url] }] : []
  ]
}

/** `FileProtocolHandler` takes no more; Windows' own limit for a URL is 2,083. */
const longestForWindows = 2000

/** Windows gives a program of its own the rest of the line, so one argument holds the address; no shell reads it. */
const byWindows = (program: string, url: string): Command => ({ program, args: ["url.dll,FileProtocolHandler", url] })

/**
 * The programs of the system that open its browser, to be tried in this order, before anything else: none of them is a
 * shell, and each gets the URL as one argument. Windows is opened by its own program wherever it is, and never by a name
 * that the working directory may hold. Empty where there is none for this URL.
 */
export const systemCommands = (surroundings: Surroundings, url: URL): ReadonlyArray<Command> => {
  const { href } = url
  const { env, platform } = surroundings
  if (platform === "darwin") return [{ program: "open", args: [href] }]
  if (platform === "win32") {
    const root = env["SystemRoot"] ?? ""
    const folder = /^[a-z]:\\[^"]*$/i.test(root) ? root.replace(/\\+$/, "") : "C:\\Windows"
    return href.length > longestForWindows ? [] : [byWindows(`${folder}\\System32\\rundll32.exe`, href)]
  }
  if (placeOf(surroundings) === "wsl") {
    return href.length > longestForWindows
      ? []
      : ["/mnt/c/Windows/System32/rundll32.exe", "rundll32.exe"].map((program) => byWindows(program, href))
  }
  return [{ program: "xdg-open", args: [href] }]
}

/** Whether there is a way to open a browser that the person can see. */
export const canOpen = ({ commands, system }: BrowserChoice): boolean => system || commands.length > 0

/**
 * Chooses how to open a URL.
 *
 * `BROWSER` is an explicit instruction, so it holds everywhere, also over SSH, where an editor sets it to a program that
 * opens the browser on the person's machine. It is a list, separated as in `PATH`; an entry `none`, `false` or `0` forbids
 * every browser. Without it, the system's browser is opened where the person sits at the screen, and from WSL the browser
 * of Windows.
 *
 * Only `http:` and `https:` are opened.
 */
export const chooseBrowser = (surroundings: Surroundings, url: URL): BrowserChoice => {
  const none: BrowserChoice = { commands: [], system: false }
  if (url.protocol !== "https:" && url.protocol !== "http:") return none
  const { env, platform } = surroundings
  const entries = (env["BROWSER"] ?? "")
    .split(platform === "win32" ? ";" : ":")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
  if (entries.some((entry) => /^(?:none|false|0)$/i.test(entry))) return none
  const place = placeOf(surroundings)
  return {
    commands: entries.flatMap((entry) => commandsOf(entry, url.href, platform)),
    system: entries.length === 0 && (place === "local" || place === "wsl")
  }
}
