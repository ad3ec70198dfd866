/** What a release has to be, and what its checks mean: decisions, without effects. */

/** The repository, as far as a release depends on it. */
export interface Tree {
  /** What `git status --porcelain` prints. */
  readonly status: string
  /** The version in package.json. */
  readonly version: string
  /** The version in deno.json, under which JSR would publish it. */
  readonly jsrVersion: string
  /** The text of CHANGELOG.md. */
  readonly changelog: string
  /** The tag that is being released, where it is known: `v1.2.3`. */
  readonly tag?: string | undefined
}

/** The words of CHANGELOG.md about one version, below its heading `## 1.2.3 - 2026-11-30`; `undefined` where there are none. */
export const changesOf = (changelog: string, version: string): string | undefined => {
  const sections = changelog.split(/^## +/m).slice(1)
  const section = sections.find((text) => {
    const [, named] = /^\[?(\d[^\]\s]*)\]?(?:\s+[-–]\s+\d{4}-\d{2}-\d{2})?\s*$/m.exec(text.split("\n", 1)[0] ?? "") ??
      []
    return named === version
  })
  const words = section?.split("\n").slice(1).join("\n").replace(/^\[[^\]]+\]:.*$/gm, "").trim()
  // Headings alone describe nothing.
  return words === undefined || words.replace(/^#.*$/gm, "").trim() === "" ? undefined : words
}

/** Why this tree is not to be released; empty where it may be. */
export const refusals = ({ changelog, jsrVersion, status, tag, version }: Tree): ReadonlyArray<string> => [
  ...status.trim() === ""
    ? []
    : [`The tree is not clean. Commit what belongs to the release, and remove the rest:\n${status.trimEnd()}`],
  ...!/^\d+\.\d+\.\d+$/.test(version) ? [`package.json: ${version} is not a version of the form 1.2.3`] : [],
  ...jsrVersion !== version ? [`deno.json has version ${jsrVersion}, and package.json ${version}`] : [],
  ...changesOf(changelog, version) === undefined
    ? [
      `CHANGELOG.md does not describe ${version}: move what is under Unreleased to a section "## ${version} - YYYY-MM-DD"`
    ]
    : [],
  ...tag !== undefined && tag !== `v${version}` ? [`The tag is ${tag}, and the version is ${version}`] : []
]

/** What `npm audit` found out. `NotChecked` is no pass: nothing is known. */
export type Audit = "Passed" | "Vulnerable" | "NotChecked"

/** Reads what `npm audit --json` wrote. A registry without that service answers with an error, and the exit code is 1 too. */
export const auditOf = (stdout: string): Audit => {
  try {
    const { auditReportVersion, metadata } = JSON.parse(stdout)
    const total: unknown = metadata?.vulnerabilities?.total
    if (typeof auditReportVersion !== "number" || typeof total !== "number") return "NotChecked"
    return total === 0 ? "Passed" : "Vulnerable"
  } catch {
    return "NotChecked"
  }
}

/** A check, and how it ended. */
export interface Outcome {
  readonly name: string
  readonly result: "ok" | "failed" | "not checked"
}

/** Whether all is well. What was not checked stops a release, unless whoever makes it says that it may not. */
export const mayPublish = (outcomes: ReadonlyArray<Outcome>, acceptsUnchecked: boolean): boolean =>
  outcomes.length > 0 &&
  outcomes.every(({ result }) => result === "ok" || result === "not checked" && acceptsUnchecked)

/** The line of a file that `sha512sum --check` reads. */
export const checksumLine = (hexadecimal: string, file: string): string => `${hexadecimal}  ${file}\n`

/** The one command that publishes: the workflow `release.yml` runs for the tag, and verifies all of this again. */
export const publishCommand = (version: string, commit: string): string =>
  `git tag v${version} ${commit} && git push origin v${version}`
