/** Passes on who has the lease that is waited for, and leaves out what was passed on. */
import type { TurnHolder, TurnOptions } from "../../services/CredentialStore.ts"
import { attempt } from "../attempt.ts"

export const reporter = ({ onHolder }: TurnOptions): (holder: TurnHolder) => void => {
  let last: TurnHolder | undefined
  return (holder) => {
    const isKnown = last !== undefined && last.pid === holder.pid && last.told === undefined &&
      holder.told === undefined
    last = holder
    if (!isKnown) attempt(() => onHolder?.(holder))
  }
}
