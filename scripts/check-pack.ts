/**
 * Packs what `npm run build` made, lints the tarball, installs it in an empty folder as the README says, and uses it
 * there: imports every entry and signs in once on Node and on Deno, compiles a program against its types, and bundles some.
 *
 * With `--tarball FILE` it takes that one. With `--bun PATH` it only signs in, on that Bun.
 */
import { build, type BuildOptions } from "esbuild"
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import type { Command, RunOptions } from "./commands.ts"
import { deno, node, report, run, tool, withFolder } from "./commands.ts"
import { readSource } from "./source.ts"

/** Public names that must stay, as values and as types. */
const promised: Readonly<Record<string, { readonly values: string; readonly types?: string }>> = {
  "": {
    values: "CallbackFlow CallbackServer PasteInput Presenter CredentialStore Pkce BindError AuthorizationDenied " +
      "InvalidResponse AuthorizationTimeout InvalidAuthorizationUrl PasteRefused CredentialStoreError",
    types: "CallbackFlow CallbackServer PasteInput Presenter CredentialStore BindError FlowError Granted Refusal " +
      "OpenOptions"
  },
  "/node": { values: "layer layerFile" },
  "/deno": { values: "layer layerFile" },
  "/bun": { values: "layer layerFile" },
  "/platform": { values: "layerHttpServer" },
  "/redis": { values: "layerRedis makeRedisStore makePendingStore" },
  "/hosted": { values: "HostedSignIn PendingStore PendingStoreError TargetRefused" },
  "/mcp": {
    values: "McpOAuth InvalidServerUrl DiscoveryError UntrustedMetadata RegistrationError TokenError RevocationError " +
      "InteractionRequired Closed SdkMissing McpConnectError BindError AuthorizationDenied CredentialStoreError",
    types: "McpOAuthError"
  },
  "/schema": {
    values: "TokenErrorSchema FlowErrorSchema McpOAuthErrorSchema ConnectErrorSchema CredentialsInClearSchema " +
      "GrantedInClearSchema CredentialKeySchema RefusalSchema StatusSchema AccountSchema",
    types: "CredentialsInClear EncodedStatus"
  },
  "/promise": { values: "openCallback createMcpOAuth connect connectAll" },
  "/testing": {
    values: "startAuthorizationServer startMcpServer makeBrowser scriptedPaste requestAsBrowser BrowserError",
    types: "AuthorizationServer McpServer Browser ScriptedPaste Fault"
  },
  "/testing/effect": {
    values: "TestAuthorizationServer TestMcpServer TestBrowser TestPaste layerServers layerPresenter layerPaste"
  }
}

const npm = JSON.parse(readFileSync("package.json", "utf8"))
const words = (text: string) => text.split(" ").filter((word) => word !== "")
const names = Object.keys(promised)
const nameOf = (entry: string) => npm.name + entry

/** A program that imports the entries in its arguments and prints which of their names are missing. */
const smoke = `import process from "node:process"
const promised = ${JSON.stringify(promised)}
for (const entry of process.argv.slice(2)) {
  const { values } = promised[entry]
  try {
    const module = await import(${JSON.stringify(npm.name)} + entry)
    for (const name of values.split(" ")) {
      if (module[name] === undefined) { process.exitCode = 1; console.error(entry + ": " + name + " is missing") }
    }
  } catch (error) { process.exitCode = 1; console.error(entry + ": " + error.message) }
}
`

const consumer = Object.entries(promised).map(([entry, { types = "", values }], index) =>
  [
    `import { ${words(values).map((name) => `${name} as value${index}_${name}`).join(", ")} } from "${nameOf(entry)}"`,
    `export const values${index} = [${words(values).map((name) => `value${index}_${name}`).join(", ")}]`,
    types === ""
      ? ""
      : `import type { ${words(types).map((name) => `${name} as Type${index}_${name}`).join(", ")} } from "${
        nameOf(entry)
      }"`,
    types === "" ? "" : `export type Types${index} = [${words(types).map((name) => `Type${index}_${name}`).join(", ")}]`
  ].join("\n")
).join("\n")

const problems: Array<string> = []

const step = async (name: string, command: Command, options: RunOptions = {}): Promise<string> => {
  const { code, output } = await run(command, options)
  if (code !== 0) problems.push(`${name}:\n${output.trim()}`)
  return output
}

/**
 * The most that the package may be. Half of it is `./promise` with its Effect, a third the other entries, which are not
 * minified, because people read them in stack traces; the rest are declarations and their comments, which editors show.
 */
const most = { kilobytes: 460, files: 200 }

const pathsIn = (target: unknown): ReadonlyArray<string> =>
  typeof target === "string" ? [target] : Object.values(target ?? {}).flatMap(pathsIn)

const checkContents = (size: number, files: ReadonlyArray<{ readonly path: string }>) => {
  const paths = files.map(({ path }) => path)
  for (const path of paths) {
    if (
      !/^dist\/.*\.(js|d\.ts)$|^dist\/promise\/LICENSES\.txt$|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(
        path
      )
    ) {
      problems.push(`${path} should not be in the package`)
    }
  }
  for (const file of pathsIn(npm.exports)) {
    if (!paths.includes(file.slice(2))) problems.push(`${file} is not in the package`)
  }
  console.log(`${(size / 1000).toFixed(0)} kB packed, ${paths.length} files`)
  if (size > most.kilobytes * 1000) problems.push(`the package has more than ${most.kilobytes} kB`)
  if (paths.length > most.files) problems.push(`the package has more than ${most.files} files`)
}

/** The types of ./promise work without Effect and the MCP SDK installed: no declaration file of it imports either. */
const checkPromiseTypes = () => {
  const files = new Set(["dist/promise.d.ts"])
  for (const file of files) {
    for (const { line, specifier } of readSource(file, readFileSync(file, "utf8")).imports) {
      if (specifier.startsWith(".")) files.add(join(dirname(file), specifier.replace(/(\.d)?\.[jt]s$/, ".d.ts")))
      else problems.push(`${file}:${line}: the types of ./promise must not lead to ${specifier}`)
    }
  }
}

/**
 * ./promise needs no peer dependency: it loads only `open`, the keychain's library where it is asked for, and
 * the transport of the SDK whose client it is given.
 */
const checkPromiseImports = () => {
  const files = new Set(["dist/promise.js"])
  for (const file of files) {
    for (const { specifier } of readSource(file, readFileSync(file, "utf8")).imports) {
      if (specifier.startsWith(".")) files.add(join(dirname(file), specifier))
      else if (
        !/^(node:\w+(\/\w+)?|open|@napi-rs\/keyring|@modelcontextprotocol\/(sdk\/client\/streamableHttp\.js|client))$/
          .test(specifier)
      ) {
        problems.push(`${file}: ./promise must not load ${specifier}`)
      }
    }
  }
}

/** Installs into the consumer's folder, as the README says. */
const install = (folder: string, ...packages: ReadonlyArray<string>) =>
  step(
    `npm install ${packages.join(" ")}`,
    ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", ...packages],
    { cwd: folder }
  )

/** Signs in once with the installed package, by scripts/consumer.mjs. */
const signIn = (folder: string, way: string, ...program: Command) => {
  copyFileSync("scripts/consumer.mjs", join(folder, "consumer.mjs"))
  return step(`a sign-in by ${way}`, [...program, "consumer.mjs", way], { cwd: folder, limit: 60 })
}

/** Writes each example of the README to its own file, as a reader would copy it. */
const readmeExamples = (folder: string): ReadonlyArray<string> =>
  [...readFileSync("README.md", "utf8").matchAll(/^```ts\b[^\n]*\n([\s\S]*?)^```/gm)].map(([, code = ""], index) => {
    const file = `readme-${index + 1}.ts`
    writeFileSync(join(folder, file), `${code}export {}\n`)
    return file
  })

/** Compiles programs against the package's types, with `skipLibCheck` on and off, and as a bundler resolves them. */
const typeCheck = async (folder: string) => {
  writeFileSync(join(folder, "consumer.ts"), consumer)
  const [program, ...rest] = tool("typescript/lib/tsc.js")
  const tsc: Command = [program, ...rest.slice(0, -1), resolve("node_modules/typescript/lib/tsc.js")]
  const flags = ["--noEmit", "--strict", "--target", "ES2022", "--lib", "ES2022,ESNext.Disposable,DOM", "consumer.ts"]
  const examples = ["--noEmit", "--strict", "--target", "ES2022", "--module", "NodeNext", "--skipLibCheck"]
  const bundler = ["--module", "ESNext", "--moduleResolution", "bundler", "--skipLibCheck"]
  await Promise.all([
    step("types, NodeNext", [...tsc, "--module", "NodeNext", "--skipLibCheck", "false", ...flags], { cwd: folder }),
    step("examples of README.md", [...tsc, ...examples, ...readmeExamples(folder)], { cwd: folder }),
    step("types, bundler", [...tsc, ...bundler, ...flags], { cwd: folder })
  ])
}

/**
 * Bundles programs as a bundler does that leaves Effect where it is. A bundle has what it uses, and nothing of the files that
 * say what to install; it can be made where no SDK is installed.
 */
const bundle = async (folder: string) => {
  const bundled = async (contents: string, options: BuildOptions) => {
    const { outputFiles = [] } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      external: ["effect"],
      logLevel: "silent",
      minify: true,
      platform: "node",
      write: false,
      ...options
    })
    return outputFiles[0]?.text ?? ""
  }
  const most = { 'import "effect-oauth-callback"': 0, 'export { Pkce } from "effect-oauth-callback"': 1_000 }
  for (const [program, bytes] of Object.entries(most)) {
    const { length } = await bundled(program, { format: "esm" })
    if (length > bytes) problems.push(`${program} is bundled to ${length} bytes, and should be at most ${bytes}`)
  }
  const whole = await bundled(names.map((entry) => `export * from "${nameOf(entry)}"`).join("\n"), { format: "cjs" })
  if (whole.includes("npm install effect")) problems.push("a bundle has the files that say what to install")
}

/** Installs and uses the package in a folder that has nothing else. */
const consume = async (folder: string, tarball: string) => {
  const onNode = node()
  const onDeno: Command = [deno(), "run", "-A", "--node-modules-dir=manual"]
  await install(folder, tarball)
  if (existsSync(join(folder, "node_modules/effect"))) problems.push("the package installs effect by itself")
  if (problems.length > 0) return
  if (onNode !== undefined) await signIn(folder, "promise", onNode)
  await signIn(folder, "promise", ...onDeno)
  await install(folder, "effect@3")
  writeFileSync(join(folder, "smoke.mjs"), smoke)
  if (onNode !== undefined) {
    // Only ./platform may need @effect/platform.
    const alone = names.filter((entry) => entry !== "/platform")
    await step("entries on Node, effect@3 alone", [onNode, "smoke.mjs", ...alone], { cwd: folder })
    await signIn(folder, "node", onNode)
  }
  await install(folder, "@effect/platform")
  if (onNode !== undefined) await step("entries on Node", [onNode, "smoke.mjs", ...names], { cwd: folder })
  await step("entries on Deno", [...onDeno, "smoke.mjs", ...names], { cwd: folder })
  await signIn(folder, "deno", ...onDeno)
  await bundle(folder)
  // The README's examples use these as well.
  await install(
    folder,
    `@modelcontextprotocol/sdk@${npm.devDependencies["@modelcontextprotocol/sdk"]}`,
    "@types/node@20"
  )
  await typeCheck(folder)
}

const option = (name: string): string | undefined => process.argv[process.argv.indexOf(name) + 1 || process.argv.length]
const bun = option("--bun")
const given = option("--tarball")

await withFolder(async (folder) => {
  // `npm run check` has just built dist, and `prepack` would build it again. To pack a tarball copies it.
  const what = given === undefined ? [] : [given]
  const pack: Command = ["npm", "pack", ...what, "--json", "--ignore-scripts", "--pack-destination", folder]
  const packed = await step("npm pack", pack)
  const json = packed.search(/^\[$/m)
  if (problems.length > 0 || json < 0) return problems.push(packed)
  const [info] = JSON.parse(packed.slice(json))
  const tarball = join(folder, info.filename)
  writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`)
  if (bun !== undefined) {
    await install(folder, tarball)
    await signIn(folder, "promise", bun)
    await install(folder, "effect@3")
    return signIn(folder, "bun", bun)
  }
  checkContents(info.size, info.files)
  checkPromiseTypes()
  checkPromiseImports()
  await Promise.all([
    step("publint", [...tool("publint/src/cli.js"), "run", tarball, "--strict"]),
    // Each entry has types where TypeScript looks for them. ESM alone: CommonJS programs use `import()`, or `require` of Node.
    step("attw", [...tool("@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "esm-only", "--no-emoji"]),
    consume(folder, tarball)
  ])
})

report(problems)
