/**
 * How the browser is opened: by what `BROWSER` says, else by the system where the person can see it, else not.
 */
import { placeOf, type Surroundings } from "./Surroundings.ts"

/** A program and its arguments, one of which holds the URL. It is started as it stands, never through a shell. */
export interface Command {
  readonly program: string
  readonly args: ReadonlyArray<string>
}

/** Ways to open a URL. */
export interface BrowserChoice {
  /** What `BROWSER` names, to be tried in this order. */
  readonly commands: ReadonlyArray<Command>
  /** Whether the system's own way is taken, where `BROWSER` names nothing. */
  readonly system: boolean
}

/** Splits as a shell does, by white space outside of quotes, and expands nothing. */
const wordsOf = (text: string): ReadonlyArray<string> =>
  (text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).map((word) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_quoted, double?: string, single?: string) => double ?? single ?? "")
  )

/** The URL replaces each `%s`, and else comes last; `%%` is a percent sign. */
const withUrl = (words: ReadonlyArray<string>, url: string): ReadonlyArray<string> => {
  let isIn = false
  const filled = words.map((word) =>
    word.replace(/%[s%]/g, (mark) => {
      if (mark === "%%") return "%"
      isIn = true
      return url
    })
  )
  return isIn ? filled : [...filled, url]
}

// The word behind these is read by a shell, and `cmd` reads all of them.
const shellFlag = /^(?:-\w*c|\/[ck]|-command|-encodedcommand)$/i
const shellProgram = /(?:^|[\\/])cmd(?:\.exe)?$/i

/** Whether the URL would become a part of a line that a shell reads. */
const isShellLine = (words: ReadonlyArray<string>): boolean =>
  words.some((word) => shellProgram.test(word)) ||
  words.some((word, index) => /%s/.test(word) && (/[\s"']/.test(word) || shellFlag.test(words[index - 1] ?? "")))

/** One entry may be the path of a program, blanks and all; a program and its arguments; on a Mac the name of an app. */
const commandsOf = (entry: string, url: string, platform: string): ReadonlyArray<Command> => {
  // Scripts of old end in `&`, which is a shell's.
  const words = wordsOf(entry.replace(/(?:^|\s+)&$/, ""))
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

/** Whether there is a way to open a browser that the person sees. */
export const canOpen = ({ commands, system }: BrowserChoice): boolean => system || commands.length > 0

/**
 * Decides. `BROWSER` is an instruction, so it holds everywhere, also over SSH, where an editor sets it to something that
 * opens the browser of the person's machine; `none` or `false` in it forbids every browser. It is a list as in `PATH`.
 * Without it the system's browser opens on a screen of the person's own, and from WSL the one of Windows.
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
