/**
 * What a person needs to be told to finish a sign-in from where they are.
 */
import { type Place, placeOf, sshForward, type Surroundings } from "./Surroundings.ts"

/** One piece of advice; what it says in words is in `Texts`. */
export type Advice =
  /** The browser is perhaps on another machine: paste the address it ends on. */
  | "PasteIfElsewhere"
  /** The browser of Windows opens; paste when its last page does not. */
  | "PasteFromWindows"
  /** Run a command on the person's own machine; it follows. */
  | "ForwardPort"
  /** The same for one more sign-in. */
  | "ForwardPortAlso"
  /** What that command may need. */
  | "ForwardPortNote"
  /** Or paste, instead of running the command. */
  | "OrPaste"
  /** No browser reaches a container. */
  | "PasteFromContainer"
  /** The same, where nothing can be pasted. */
  | "ReachContainer"
  | "PasteFromCodespace"
  /** Nobody can sign in here. */
  | "NobodyInCi"
  | "NoScreen"
  /** Nothing listens, so a paste is the only way. */
  | "PasteOnly"
  /** The same, where nothing can be pasted: the host has its own input box. */
  | "NoWay"
  /** Hand the address over from another terminal on this machine. */
  | "HandOver"

/** A piece of advice, or a command to be copied. */
export type Step =
  | { readonly _tag: "Advice"; readonly advice: Advice }
  | { readonly _tag: "Command"; readonly command: string }

/** A sign-in, as far as advice goes. */
export interface Situation {
  readonly redirectUri: string
  readonly listening: boolean
  /** Whether the redirect URI is the caller's own, which comes back through something that knows the way. */
  readonly forwarded?: boolean | undefined
  /** Whether a person can paste now. */
  readonly paste: boolean
  /** Whether the person has just been told the same for another sign-in: then only what differs is said. */
  readonly again?: boolean | undefined
}

const step = (advice: Advice): Step => ({ _tag: "Advice", advice })

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

/** What to say, in order. */
export const advise = (
  surroundings: Surroundings,
  { again = false, forwarded = false, listening, paste, redirectUri }: Situation
): ReadonlyArray<Step> => {
  const place = placeOf(surroundings)
  const nobody: ReadonlyArray<Advice> = place === "ci" && !again ? ["NobodyInCi"] : []
  if (!listening) return [...nobody, paste ? "PasteOnly" as const : "NoWay" as const].map(step)
  if (forwarded) return again ? [] : [...nobody, ...paste ? ["PasteIfElsewhere" as const] : []].map(step)
  if (again && place !== "ssh") return []
  if (place !== "ssh") return whenListening[place][paste ? "paste" : "noPaste"].map(step)
  const command = sshForward(surroundings, redirectUri)
  const otherwise = again ? [] : [step(paste ? "OrPaste" : "HandOver")]
  if (command === undefined) return otherwise
  const forward: ReadonlyArray<Step> = [
    step(again ? "ForwardPortAlso" : "ForwardPort"),
    { _tag: "Command", command }
  ]
  return again ? forward : [...forward, step("ForwardPortNote"), ...otherwise]
}
