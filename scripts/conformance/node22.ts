/**
 * Finds a Node for the official suite, which needs 22, while the library and its tests run on 20.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { type Command, onDeno, run } from "../commands.ts"

const neededMajor = 22

const fits = async (program: string): Promise<boolean> => {
  const { code, output } = await run([program, "--version"])
  return code === 0 && Number(output.match(/^v(\d+)\./)?.[1] ?? 0) >= neededMajor
}

const npm = async (): Promise<Command> => {
  if ((await run(["npm", "--version"])).code === 0) return ["npm"]
  if (onDeno) return [process.execPath, "run", "-A", "--no-config", "--node-modules-dir=none", "npm:npm@11"]
  throw new Error(`Cannot install Node ${neededMajor}: npm is not on PATH`)
}

/** Programs of this folder will be run, so only this user may own it and write there. */
const checkOwner = (folder: string): void => {
  const { uid, mode } = statSync(folder)
  if (process.platform !== "win32" && (uid !== userInfo().uid || (mode & 0o022) !== 0)) {
    throw new Error(`Cannot use ${folder}: another user owns it or can write there. Remove it, then try again`)
  }
}

/** Installs into a new folder and then moves the result, so that two runs at once do not disturb each other. */
const install = async (packageName: string, folder: string): Promise<void> => {
  const fresh = mkdtempSync(join(folder, "install-"))
  try {
    const { code, output } = await run([
      ...(await npm()),
      "install",
      "--prefix",
      fresh,
      "--no-save",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      `${packageName}@${neededMajor}`
    ], { limit: 300 })
    if (code !== 0) throw new Error(`Cannot install ${packageName} from npm:\n${output.trim()}`)
    const made = join(fresh, "node_modules", packageName)
    const wanted = join(folder, packageName)
    if (!existsSync(wanted)) renameSync(made, wanted)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

const fromNpm = async (): Promise<string> => {
  const folder = join(tmpdir(), `effect-oauth-callback-node${neededMajor}-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  checkOwner(folder)
  const packageName = `node-${process.platform}-${process.arch}`
  const program = join(folder, packageName, "bin", "node")
  if (!existsSync(program)) {
    process.stderr.write(`conformance: the official suite needs Node ${neededMajor}: installing ${packageName}\n`)
    await install(packageName, folder)
  }
  if (!await fits(program)) throw new Error(`Cannot run ${program}. Remove ${folder}, then try again`)
  return program
}

/** The path or name of a Node that is new enough: this one, one on PATH, or one from npm, kept for the next time. */
export const findNode = async (): Promise<string> => {
  for (const program of [...(onDeno ? [] : [process.execPath]), "node", "node22", "node24"]) {
    if (await fits(program)) return program
  }
  try {
    return await fromNpm()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The official suite needs Node >= ${neededMajor}. Put one on PATH as "node22". ${why}`, { cause })
  }
}
