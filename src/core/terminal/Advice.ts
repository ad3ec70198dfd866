/**
 * What a person has to know to finish a sign-in, depending on where the program runs and where the browser is.
 */
import { type Place, placeOf, sshForward, type Surroundings } from "./Surroundings.ts"

/**
 * One piece of advice; `Texts` has the sentence for it.
 *
 * @since 0.1.0
 * @category models
 */
export type Advice =
  /** The browser may be on another machine: if its last page does not open, paste the address of that page. */
  | "PasteIfElsewhere"
  /** The browser of Windows opens: if its last page does not open, paste the address of that page. */
  | "PasteFromWindows"
  /** Run the command that follows on the person's own machine, to forward the port. */
  | "ForwardPort"
  /** The same for a further sign-in. */
  | "ForwardPortAlso"
  /** How to end that command, and what to change in it if it cannot connect. */
  | "ForwardPortNote"
  /** Or paste, instead of running the command. */
  | "OrPaste"
  /** The program runs in a container, which a browser may not reach: paste. */
  | "PasteFromContainer"
  /** The same where nothing can be pasted: how to make the container reachable. */
  | "ReachContainer"
  /** The program runs in a GitHub codespace, which a browser may not reach: paste. */
  | "PasteFromCodespace"
  /** The program runs in a CI job, where there is usually no person to sign in. */
  | "NobodyInCi"
  /** The machine has no screen: sign in on another one, and paste. */
  | "NoScreen"
  /** Nothing listens, so a paste is the only way. */
  | "PasteOnly"
  /** Nothing listens, and nothing can be pasted at the terminal: give the address to the program in its own way. */
  | "NoWay"
  /** Nothing can be pasted: request the address from another terminal on this machine. */
  | "HandOver"

/** A piece of advice, or a command to be copied. */
export type Instruction =
  | { readonly _tag: "Advice"; readonly advice: Advice }
  | { readonly _tag: "Command"; readonly command: string }

/** What the advice depends on, besides the surroundings. */
export interface Situation {
  readonly redirectUri: string
  readonly listening: boolean
  /** Whether the redirect URI is the caller's own, so that a proxy or a forwarded port leads here. @default false */
  readonly forwarded?: boolean | undefined
  /** Whether a person can paste now. */
  readonly paste: boolean
  /** Whether another sign-in is already on the screen: then advice is not repeated. @default false */
  readonly again?: boolean | undefined
}

const instruction = (advice: Advice): Instruction => ({ _tag: "Advice", advice })

const whenListening: Readonly<
  Record<Exclude<Place, "ssh">, { readonly paste: ReadonlyArray<Advice>; readonly noPaste: ReadonlyArray<Advice> }>
> = {
  local: { paste: ["PasteIfElsewhere"], noPaste: [] },
  wsl: { paste: ["PasteFromWindows"], noPaste: ["HandOver"] },
  codespace: { paste: ["PasteFromCodespace"], noPaste: ["HandOver"] },
  container: { paste: ["PasteFromContainer"], noPaste: ["ReachContainer", "HandOver"] },
  ci: { paste: ["NobodyInCi", "PasteIfElsewhere"], noPaste: ["NobodyInCi"] },
  headless: { paste: ["NoScreen"], noPaste: ["HandOver"] }
}

/** What to tell the person, in order. */
export const advise = (
  surroundings: Surroundings,
  { again = false, forwarded = false, listening, paste, redirectUri }: Situation
): ReadonlyArray<Instruction> => {
  const place = placeOf(surroundings)
  const ciAdvice: ReadonlyArray<Advice> = place === "ci" && !again ? ["NobodyInCi"] : []
  if (!listening) return [...ciAdvice, paste ? "PasteOnly" as const : "NoWay" as const].map(instruction)
  if (forwarded) return again ? [] : [...ciAdvice, ...paste ? ["PasteIfElsewhere" as const] : []].map(instruction)
  if (again && place !== "ssh") return []
  if (place !== "ssh") return whenListening[place][paste ? "paste" : "noPaste"].map(instruction)
  const command = sshForward(surroundings, redirectUri)
  const otherwise = again ? [] : [instruction(paste ? "OrPaste" : "HandOver")]
  if (command === undefined) return otherwise
  const forward: ReadonlyArray<Instruction> = [
    instruction(again ? "ForwardPortAlso" : "ForwardPort"),
    { _tag: "Command", command }
  ]
  return again ? forward : [...forward, instruction("ForwardPortNote"), ...otherwise]
}
