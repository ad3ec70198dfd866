/**
 * Makes the tarball of a release from a clean clone, verifies that very file, and stops before publishing. It leaves in
 * `release`: the tarball, its SHA-512, and the SBOM (CycloneDX) of what users get.
 *
 * `--tag v1.2.3` compares the tag too. `--accept-unchecked` goes on where the registry cannot tell known vulnerabilities.
 */
import { createHash } from "node:crypto"
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { type Command, deno, report, run, script, withFolder } from "./commands.ts"
import { auditOf, checksumLine, mayPublish, type Outcome, publishCommand, refusals } from "./release/plan.ts"

const target = "release"
const read = (file: string) => JSON.parse(readFileSync(file, "utf8"))
const option = (name: string): string | undefined => process.argv[process.argv.indexOf(name) + 1 || process.argv.length]

const git = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, output } = await run(["git", ...args])
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${output}`)
  return output.trimEnd()
}

const outcomes: Array<Outcome> = []
const note = (name: string, result: Outcome["result"], output = "") => {
  outcomes.push({ name, result })
  console.log(`${result.padEnd(11)} ${name}${result === "ok" ? "" : `\n${output.trim()}`}`)
}

/** Runs a check in the clone; gives what it wrote. */
const check = async (cwd: string, name: string, command: Command): Promise<string> => {
  const { code, output } = await run(command, { cwd, env: { NO_COLOR: "1" } })
  note(name, code === 0 ? "ok" : "failed", output)
  return output
}

/** The JSON that a tool of npm writes; its warnings may stand before it. */
const jsonIn = (output: string): string => output.slice(Math.max(0, output.search(/^[[{]$/m)))

const audit = async (clone: string) => {
  const { output } = await run(["npm", "audit", "--omit=dev", "--json", "--loglevel=silent"], { cwd: clone })
  const result = auditOf(jsonIn(output))
  if (result === "NotChecked") {
    return note(
      "npm audit",
      "not checked",
      "The registry did not say which vulnerabilities are known. That is no pass."
    )
  }
  note("npm audit", result === "Passed" ? "ok" : "failed", output)
}

/** Builds, packs and verifies in a clone; gives the tarball and the SBOM. */
const prepare = async (clone: string) => {
  await check(clone, "npm ci", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
  await check(clone, "build", script("scripts/build.ts"))
  const pack: Command = ["npm", "pack", "--json", "--ignore-scripts", "--loglevel=error"]
  const packed = await check(clone, "npm pack", pack)
  if (!mayPublish(outcomes, false)) return undefined
  const [{ filename }] = JSON.parse(jsonIn(packed))
  const tarball = join(clone, filename)
  await check(clone, "the tarball, installed and used", [...script("scripts/check-pack.ts"), "--tarball", tarball])
  await check(clone, "versions and entries", script("scripts/check-exports.ts"))
  await check(clone, "API report", script("scripts/api.ts"))
  await check(clone, "deno doc --lint", script("scripts/lint-docs.ts"))
  await check(clone, "deno publish --dry-run", [deno(), "publish", "--dry-run", "--allow-dirty"])
  await audit(clone)
  const sbom: Command = ["npm", "sbom", "--omit=dev", "--sbom-format=cyclonedx", "--sbom-type=library"]
  return { filename, tarball, sbom: jsonIn(await check(clone, "npm sbom", [...sbom, "--loglevel=error"])) }
}

const { version, name } = read("package.json")
const refused = refusals({
  status: await git("status", "--porcelain"),
  version,
  jsrVersion: read("deno.json").version,
  changelog: readFileSync("CHANGELOG.md", "utf8"),
  tag: option("--tag")
})

if (refused.length > 0) report(refused)
else {
  const commit = await git("rev-parse", "HEAD")
  await withFolder(async (folder) => {
    const clone = join(folder, name)
    await git("clone", "--quiet", "--no-local", resolve("."), clone)
    await git("-C", clone, "checkout", "--quiet", "--detach", commit)
    const made = await prepare(clone)
    if (made === undefined || !mayPublish(outcomes, process.argv.includes("--accept-unchecked"))) {
      return report(["\nNot to be published: see above."])
    }
    const sha512 = createHash("sha512").update(readFileSync(made.tarball)).digest("hex")
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target)
    copyFileSync(made.tarball, join(target, made.filename))
    writeFileSync(join(target, `${made.filename}.sha512`), checksumLine(sha512, made.filename))
    writeFileSync(join(target, `${made.filename.replace(/\.tgz$/, "")}.cdx.json`), `${made.sbom.trim()}\n`)
    console.log(`\nVerified ${join(target, made.filename)}\nsha512 ${sha512}\n`)
    console.log(`Nothing is published. To publish:\n\n  ${publishCommand(version, commit)}`)
  })
}
