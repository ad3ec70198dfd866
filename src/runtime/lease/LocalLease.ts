/**
 * Turns within this process: what is left where the system has no means for turns among processes.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import process from "node:process"
import type { TurnHolder, TurnOptions } from "../../services/CredentialStore.ts"
import { attempt } from "../attempt.ts"
import type { Lease } from "./Lease.ts"

/** One who has the turn, or waits for it. */
interface Ticket {
  readonly onHolder: ((holder: TurnHolder) => void) | undefined
  /** Called when its turn comes. */
  enter: () => void
}

interface Queue {
  /** In the order in which they came: the first has the turn. */
  readonly tickets: Set<Ticket>
  told: string | undefined
}

const queues = new Map<string, Queue>()

const first = ({ tickets }: Queue): Ticket | undefined => tickets.values().next().value

const say = ({ told }: Queue, { onHolder }: Ticket) => void attempt(() => onHolder?.({ pid: process.pid, told }))

const ask = (name: string, { onHolder }: TurnOptions) => {
  const queue = queues.get(name) ?? { tickets: new Set<Ticket>(), told: undefined }
  queues.set(name, queue)
  const ticket: Ticket = { onHolder, enter: () => {} }
  queue.tickets.add(ticket)
  const isFirst = () => first(queue) === ticket
  const end = () => {
    const hadTurn = isFirst()
    queue.tickets.delete(ticket)
    if (!hadTurn) return
    queue.told = undefined
    const next = first(queue)
    if (next === undefined) queues.delete(name)
    else next.enter()
  }
  return {
    end: Effect.sync(end),
    turn: Effect.async<void>((resume) => {
      if (isFirst()) return resume(Effect.void)
      ticket.enter = () => resume(Effect.void)
      say(queue, ticket)
    }),
    tell: (text: string) =>
      Effect.sync(() => {
        if (!isFirst()) return
        queue.told = text
        for (const each of queue.tickets) if (each !== ticket) say(queue, each)
      })
  }
}

/** Waits for the turn of that name in this process. */
export const exclusively = (name: string, options: TurnOptions = {}): Effect.Effect<Lease, never, Scope.Scope> =>
  // With the ticket in the scope, an interrupt finds it there at whichever step it comes.
  Effect.flatMap(
    Effect.acquireRelease(Effect.sync(() => ask(name, options)), ({ end }) => end),
    ({ end, tell, turn }) => Effect.as(Effect.onInterrupt(turn, () => end), { tell, assertHeld: Effect.void })
  )

/** Whether nobody in this process has the turn of that name. */
export const isFree = (name: string): boolean => !queues.has(name)
