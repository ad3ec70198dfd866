/** Says which mutant is on. An instrumented source asks it by the global name `__mutation`. */

/** When loops go round more often in one test, or longer, one is taken for a loop without end. */
const maxSteps = 20_000_000

/** A test whose loops go round often without a mutant may have so many times as many rounds with one. */
const patience = 10

export class Switch {
  #mutant = 0
  #recording = false
  #reached = new Set<number>()
  #steps = 0
  #maxSteps = maxSteps
  #limit = Infinity
  #deadline = Infinity
  #overdue = false

  /** Makes the switch known to the instrumented source. */
  static install(): Switch {
    const found = new Switch()
    Object.assign(globalThis, { __mutation: found })
    return found
  }

  /** Whether this mutant is on. */
  is(id: number): boolean {
    if (this.#recording) this.#reached.add(id)
    return this.#mutant === id
  }

  /** Is called by each round of each loop, and ends those that have no end. @param rounds How many it counts as. */
  step(rounds: number): void {
    this.#steps += rounds
    if (this.#mutant === 0 || this.#steps % 4096 >= rounds) return
    if (this.#steps < this.#maxSteps && performance.now() < this.#deadline) return
    this.#overdue = true
    throw new Error("The loop of a mutant has no end")
  }

  /** Turns on one mutant, or none (0). Each test may take so many milliseconds with it. */
  choose(mutant: number, limit: number): void {
    this.#mutant = mutant
    this.#limit = limit
    this.#overdue = false
    this.rewind(0)
  }

  /** Counts rounds and time anew: a test begins. @param usual How many it has without a mutant. */
  rewind(usual: number): void {
    this.#steps = 0
    this.#maxSteps = Math.max(maxSteps, patience * usual)
    this.#deadline = performance.now() + this.#limit
  }

  /** The rounds since the test began. */
  steps(): number {
    return this.#steps
  }

  isOverdue(): boolean {
    return this.#overdue
  }

  record(recording: boolean): void {
    this.#recording = recording
  }

  /** Mutants that were asked for since the last call. */
  takeReached(): ReadonlyArray<number> {
    const reached = [...this.#reached]
    this.#reached.clear()
    return reached
  }
}
