/**
 * Escape sequences in what a terminal sends: where one ends, and which key it stands for.
 */

const ESC = "\u001b"

/** Longer than any key; a sequence that goes on is none. */
const maxLength = 64

/** Part of a sequence, or a whole one. */
export interface Escape {
  readonly text: string
  readonly isComplete: boolean
}

/** A sequence with one more character; `undefined` when the character is not part of it. */
export const next = (text: string, char: string): Escape | undefined => {
  const unfinished = { text: text + char, isComplete: false }
  const complete = { text: text + char, isComplete: true }
  const kind = text.charAt(1)
  if (kind === "") {
    if (char === ESC) return { text: ESC, isComplete: false }
    return "[O]PX^_".includes(char) ? unfinished : char < " " ? undefined : complete
  }
  if (kind === "[" || kind === "O") {
    if (char < " " || text.length > maxLength) return undefined
    // Old terminals write the modifiers of a keypad's key as `ESC O 5 M`.
    return kind === "[" ? (char < "@" ? unfinished : complete) : /[\d;]/.test(char) ? unfinished : complete
  }
  // A terminal's reply to a query of the host; it ends with BEL or `ESC \`.
  if (char === "\u0007" || char === "\u009c") return complete
  if (char === ESC) return { text: ESC, isComplete: false }
  return char < " " || text.length > 1024 ? undefined : unfinished
}

/** Whether it marks the beginning of a paste, or its end. */
export const pasteMark = (text: string): "begin" | "end" | undefined =>
  text === `${ESC}[200~` ? "begin" : text === `${ESC}[201~` ? "end" : undefined

// Modifiers are bits, plus one. Caps lock (64) and num lock (128) are no modifiers here.
const shift = 1
const control = 4
const others = 2 | 8 | 16 | 32 // Alt, Super, Hyper, Meta

const escapeKey = 27
const keypadEnter = 57_414
/** What the keys of a keypad type, from code 57399 on; Enter stands among them. */
const keypad = "0123456789./*-+\r=,"
const firstOfKeypad = 57_399
/** The same in application mode, `ESC O` and a letter from `j` on; and three apart from these. */
const applicationKeypad = "*+,-./0123456789"
const applicationKeys: Readonly<Record<string, string>> = { M: "\r", X: "=", I: "\t" }

const isText = (code: number): boolean =>
  code >= 0x20 && code <= 0x10ffff && !(code >= 0x7f && code < 0xa0) && !(code >= 0xd800 && code < 0xf900)

const numbers = (field: string | undefined): ReadonlyArray<number | undefined> =>
  (field ?? "").split(":").map((part) => part === "" ? undefined : Number(part))

/** What a terminal without such a protocol sends for a key. */
const plainKey = (
  { base, code, modifiers, shifted, text }: {
    readonly code: number
    /** The key's character with Shift. */
    readonly shifted?: number | undefined
    /** The same key of a US keyboard. */
    readonly base?: number | undefined
    readonly modifiers: number
    readonly text?: string | undefined
  }
): string => {
  if (code === 13 || code === keypadEnter) return "\r"
  if (code === 8 || code === 127) return "\u007f"
  if ((modifiers & others) !== 0 || code === escapeKey) return ""
  if ((modifiers & control) !== 0) {
    // On a keyboard of other letters, the letter that stands there on a US one.
    const latin = code < 0x80 || base === undefined ? code : base
    const hasLetter = latin < 0x80 && /[a-z\\]/i.test(String.fromCharCode(latin))
    return hasLetter && (modifiers & shift) === 0 ? String.fromCharCode(latin & 0x1f) : ""
  }
  if (text !== undefined && text !== "") return text
  if (code === 9) return "\t"
  const ofKeypad = keypad.charAt(code - firstOfKeypad)
  if (ofKeypad !== "") return ofKeypad
  if (!isText(code)) return ""
  const character = String.fromCodePoint(code)
  if ((modifiers & shift) === 0) return character
  return shifted !== undefined && isText(shifted) ? String.fromCodePoint(shifted) : character.toUpperCase()
}

/** Which modifiers, and whether the key is let go. */
const modifiersOf = (field: string | undefined) => {
  const [modifiers = 1, event] = numbers(field)
  return { modifiers: Math.max(0, modifiers - 1), isRelease: event === 3 }
}

/** kitty's protocol: `CSI code:shifted:base ; modifiers:event ; text u`, of which everything but the code may be missing. */
const kittyKey = (parameters: ReadonlyArray<string>): string => {
  const [code = 1, shifted, base] = numbers(parameters[0])
  const { isRelease, modifiers } = modifiersOf(parameters[1])
  if (isRelease) return ""
  const text = numbers(parameters[2]).flatMap((each) => each !== undefined && isText(each) ? [each] : [])
  return plainKey({ code, shifted, base, modifiers, text: String.fromCodePoint(...text) })
}

/** The console of Windows: `CSI key ; scan code ; character ; is pressed ; state ; count _`. */
const windowsKey = ([, , character, isPressed]: ReadonlyArray<string>): string => {
  const code = Number(character)
  return isPressed !== "1" || code === escapeKey ?
    "" :
    code === 8 ?
    "\u007f" :
    code < 0x20 || isText(code)
    ? String.fromCodePoint(code).replace("\u0000", "")
    : ""
}

/**
 * What the key of a whole sequence sends where no program has asked for such sequences: a letter, or a control character
 * for Enter, Backspace and Ctrl with a letter. Empty for all other keys and sequences, and when a key is let go.
 */
export const keyOf = (sequence: string): string => {
  const [, applied] = /^\u001bO[\d;]*(\D)$/.exec(sequence) ?? []
  if (applied !== undefined) {
    return applicationKeys[applied] ?? applicationKeypad.charAt(applied.charCodeAt(0) - "j".charCodeAt(0))
  }
  const [, written = "", final] = /^\u001b\[([\d;:]*)([u~_])$/.exec(sequence) ?? []
  const parameters = written.split(";")
  switch (final) {
    case "u":
      return kittyKey(parameters)
    case "_":
      return windowsKey(parameters)
    case "~": {
      // xterm's modifyOtherKeys.
      const { isRelease, modifiers } = modifiersOf(parameters[1])
      const [code] = numbers(parameters[2])
      return parameters[0] === "27" && code !== undefined && !isRelease ? plainKey({ code, modifiers }) : ""
    }
    default:
      return ""
  }
}
