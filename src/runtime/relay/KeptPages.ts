/**
 * What was answered for flows of other processes that have ended since, for a browser that comes once more: it reads how
 * its sign-in ended, and not that nobody knows it.
 */
import type { Answer } from "../../core/oauth/Answer.ts"
import { receivedPage } from "../../core/page/ReloadPage.ts"
import type { FlowDigests } from "../../core/relay/RelayMessage.ts"

/** Answers by the digest that a request names: of the `state`, or of the name of the last page. */
export interface KeptPages {
  /** A browser that was sent on, and did not ask for the last page in time, gets one that is true of every sign-in. */
  readonly keep: (flow: FlowDigests, answers: Answers) => void
  readonly find: (digest: string) => Answer | undefined
}

/** What a flow has answered so far. */
export interface Answers {
  /** To the one who brought the answer: where its last page is. */
  sentOn?: Answer
  page?: Answer
}

/** As long as a process keeps the pages of its own flows. */
const keptMillis = 60_000

const maxKept = 1000
const maxLength = 65_536

/** Nothing is kept. */
export const make = (): KeptPages => {
  // In the order in which they were kept.
  const kept = new Map<string, { readonly answer: Answer; readonly until: number }>()
  const forgetOld = () => {
    for (const [digest, { until }] of kept) {
      if (kept.size <= maxKept && performance.now() < until) return
      kept.delete(digest)
    }
  }
  const put = (digest: string, answer: Answer | undefined) => {
    if (answer === undefined || answer.body.length > maxLength) return
    kept.set(digest, { answer, until: performance.now() + keptMillis })
    forgetOld()
  }
  return {
    keep: ({ done, state }, { page, sentOn }) => {
      put(state, sentOn)
      put(done, page ?? (sentOn === undefined ? undefined : receivedPage))
    },
    find: (digest) => {
      forgetOld()
      return kept.get(digest)?.answer
    }
  }
}
