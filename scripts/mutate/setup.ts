/** Properties while mutants are tried: the same draws each time, no search for the smallest example, and not for long. */
import { FastCheck } from "effect"

FastCheck.configureGlobal({
  ...FastCheck.readConfigureGlobal(),
  seed: 1,
  endOnFailure: true,
  interruptAfterTimeLimit: 5000,
  markInterruptAsFailure: false
})
