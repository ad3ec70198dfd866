/**
 * The `Either` of Effect 3: an `Exit` of Effect 4 with the properties `left` and `right`. An `Exit`, because an `Either` of
 * Effect 3 can stand wherever an effect can, which a `Result` of Effect 4 cannot.
 */
import type * as Effect from "effect4/Effect"
import * as Exit from "effect4/Exit"

interface Left<out L, out R> extends Exit.Failure<R, L> {
  readonly left: L
}
interface Right<out L, out R> extends Exit.Success<R, L> {
  readonly right: R
}
export type Either<R, L = never> = Left<L, R> | Right<L, R>

export const left = <L>(left: L): Either<never, L> => Object.assign(Exit.fail(left), { left }) as Left<L, never>
export const right = <R>(right: R): Either<R> => Object.assign(Exit.succeed(right), { right }) as Right<never, R>
const void_: Either<void> = /*#__PURE__*/ right(undefined)
export { void_ as void }

export const isLeft = <R, L>(self: Either<R, L>): self is Left<L, R> => "left" in self
export const isRight = <R, L>(self: Either<R, L>): self is Right<L, R> => "right" in self

export const match = <R, L, A, B = A>(
  self: Either<R, L>,
  on: { readonly onLeft: (left: L) => A; readonly onRight: (right: R) => B }
): A | B => isLeft(self) ? on.onLeft(self.left) : on.onRight(self.right)
export const flatMap = <R, L, R2, L2>(self: Either<R, L>, f: (right: R) => Either<R2, L2>): Either<R2, L | L2> =>
  isLeft(self) ? left(self.left) : f(self.right)
export const map = <R, L, R2>(self: Either<R, L>, f: (right: R) => R2): Either<R2, L> =>
  flatMap(self, (value) => right(f(value)))
export const mapLeft = <R, L, L2>(self: Either<R, L>, f: (left: L) => L2): Either<R, L2> =>
  isLeft(self) ? left(f(self.left)) : right(self.right)
export const getOrElse = <R, L, R2>(self: Either<R, L>, orElse: (left: L) => R2): R | R2 =>
  isLeft(self) ? orElse(self.left) : self.right
export const getOrUndefined = <R, L>(self: Either<R, L>): R | undefined => isLeft(self) ? undefined : self.right

/** Of two, which is as many as are needed. */
export const all = <R1, L1, R2, L2>(
  [first, second]: readonly [Either<R1, L1>, Either<R2, L2>]
): Either<readonly [R1, R2], L1 | L2> => flatMap(first, (one) => map(second, (two) => [one, two] as const))

const try_ = <R, L>(options: { readonly try: () => R; readonly catch: (error: unknown) => L }): Either<R, L> => {
  try {
    return right(options.try())
  } catch (error) {
    return left(options.catch(error))
  }
}
export { try_ as try }

export const gen = <Y extends Effect.Effect<unknown, unknown>, A>(
  body: () => Generator<Y, A, never>
): Either<A, Y extends Effect.Effect<unknown, infer L> ? L : never> => {
  const iterator = body()
  let state = iterator.next()
  while (state.done !== true) {
    const step = state.value as unknown as Either<unknown, unknown>
    if (isLeft(step)) {
      iterator.return?.(undefined as never)
      return step as never
    }
    state = iterator.next(step.right as never)
  }
  return right(state.value) as never
}
