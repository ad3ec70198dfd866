/**
 * A question at the terminal, for a client id: on stderr, and answered by the next line of stdin.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import process from "node:process"
import type { ClientIdQuestion } from "../../core/mcp/ClientIdQuestion.ts"
import { layOut } from "../../core/terminal/Layout.ts"
import * as SignInScreen from "../../core/terminal/SignInScreen.ts"
import { Texts } from "../../core/terminal/Texts.ts"
import * as OneAtATime from "../../effect/OneAtATime.ts"
import { hub } from "../stdin/StdinHub.ts"
import { attach } from "../stdin/StdinReader.ts"
import * as ProcessSurroundings from "./ProcessSurroundings.ts"
import * as TerminalOutput from "./TerminalOutput.ts"
import type { TerminalOptions } from "./TerminalPresenter.ts"

/** Nobody could tell which of two questions a line answers. */
const oneAtATime = OneAtATime.make()

/** Whether the question is seen, and what is typed can be its answer. */
const isTerminal = ({ paste }: ClientIdQuestion): boolean =>
  paste && process.stdin.isTTY === true && process.stderr.isTTY === true

const write = (question: ClientIdQuestion, options: Pick<TerminalOptions, "texts">): void => {
  const texts = Texts.replace(options.texts ?? {})
  TerminalOutput.state().texts = texts
  TerminalOutput.screen(layOut(SignInScreen.clientId(texts, question), ProcessSurroundings.style()))
}

/**
 * Asks for a client id. `None` where stdin is no terminal, or is not this program's to read: in the background, while the
 * host reads it, or where it cannot be known. The empty text also at the end of the input (^D).
 */
export const askClientId = (
  question: ClientIdQuestion,
  options: Pick<TerminalOptions, "texts">
): Effect.Effect<Option.Option<string>> =>
  Effect.gen(function* () {
    const { ask, isReading, retain } = hub()
    yield* Effect.acquireRelease(Effect.sync(() => retain(attach)), (letGo) => Effect.sync(letGo))
    if (!isReading()) return Option.none()
    return yield* Effect.async<Option.Option<string>>((resume) => {
      const takeBack = ask((text) => resume(Effect.succeed(Option.some(text))))
      write(question, options)
      return Effect.sync(takeBack)
    })
  }).pipe(
    Effect.scoped,
    oneAtATime.run,
    (asked) => Effect.suspend(() => isTerminal(question) ? asked : Effect.succeed(Option.none()))
  )
