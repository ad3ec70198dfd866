/**
 * Where the program runs, and whether the person's browser is on the same machine.
 */
import { isLoopbackRedirect } from "../oauth/RedirectUri.ts"

/** What is known about the machine and the environment. */
export interface Surroundings {
  /** As `process.platform` has it: `linux`, `darwin`, `win32` … */
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Release of the operating system; on WSL it contains "microsoft". */
  readonly release?: string | undefined
  /** Whether there is a file that container runtimes create. */
  readonly containerFile?: boolean | undefined
  readonly hostname?: string | undefined
}

/** The environment variables that are read, for hosts that grant permission for each. */
export const variables: ReadonlyArray<string> = [
  "BROWSER",
  "CI",
  "CODEBUILD_BUILD_ID",
  "CODESPACES",
  "DISPLAY",
  "FORCE_HYPERLINK",
  "JENKINS_URL",
  "KUBERNETES_SERVICE_HOST",
  "LOGNAME",
  "NO_COLOR",
  "REMOTE_CONTAINERS",
  "SSH_CLIENT",
  "SSH_CONNECTION",
  "SSH_TTY",
  "SystemRoot",
  "TEAMCITY_VERSION",
  "TERM",
  "TF_BUILD",
  "USER",
  "USERNAME",
  "WAYLAND_DISPLAY",
  "WSL_DISTRO_NAME",
  "WSL_INTEROP",
  "container"
]

/**
 * Where the program runs, as far as a person's browser is concerned.
 *
 * - `local`: the person sits at this machine's screen
 * - `wsl`: Linux within Windows, whose browser opens
 * - `ssh`, `codespace`, `container`: the browser is on another machine
 * - `ci`: a job of a build server, without a person
 * - `headless`: no screen, for an unknown reason
 */
export type Place = "local" | "wsl" | "ssh" | "codespace" | "container" | "ci" | "headless"

const isSet = (value: string | undefined): boolean => value !== undefined && !/^(?:|0|false|no|off)$/i.test(value)

// Most build servers set `CI`; these do not.
const ciVariables = ["CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"]

/** Finds the place. Over SSH and in CI, a screen of the machine does not count: the person is not in front of it. */
export const placeOf = ({ containerFile, env, platform, release }: Surroundings): Place => {
  if (ciVariables.some((name) => isSet(env[name]))) return "ci"
  if (isSet(env["CODESPACES"])) return "codespace"
  if (isSet(env["SSH_CONNECTION"]) || isSet(env["SSH_TTY"]) || isSet(env["SSH_CLIENT"])) return "ssh"
  if (["darwin", "win32", "android"].includes(platform)) return "local"
  if (isSet(env["REMOTE_CONTAINERS"]) || isSet(env["KUBERNETES_SERVICE_HOST"])) return "container"
  // Another container that was given a screen (a toolbox, a Flatpak) was given this machine's network too.
  const hasScreen = isSet(env["DISPLAY"]) || isSet(env["WAYLAND_DISPLAY"])
  if (containerFile === true || isSet(env["container"])) return hasScreen ? "local" : "container"
  if (isSet(env["WSL_DISTRO_NAME"]) || isSet(env["WSL_INTEROP"]) || /microsoft/i.test(release ?? "")) return "wsl"
  return hasScreen ? "local" : "headless"
}

// Only these characters are put into a command that a person runs; others could add a second command.
const plainName = /^[a-z0-9_][\w.-]*$/i
// Without a zone, which names a network interface of this machine.
const plainAddress = /^[0-9a-f:][0-9a-f.:]*$/i

/**
 * The command that forwards a loopback port of the person's machine to this one, to be run on the person's machine;
 * `undefined` when `redirectUri` is no loopback address. It connects to the address by which this machine was reached, or
 * else to its name.
 */
export const sshForward = ({ env, hostname }: Surroundings, redirectUri: string): string | undefined => {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined
  if (url === undefined || !isLoopbackRedirect(url)) return undefined
  const port = url.port || "80"
  const tunnel = `${port}:${url.hostname}:${port}`
  // Some shells expand brackets; all of them understand double quotes.
  const written = tunnel.includes("[") ? `"${tunnel}"` : tunnel
  // SSH_CONNECTION: client, its port, server, its port. SSH_CLIENT, which is older: client, its port, the server's port.
  const connection = env["SSH_CONNECTION"]?.trim().split(/\s+/) ?? []
  const client = env["SSH_CLIENT"]?.trim().split(/\s+/) ?? []
  const [address = "", sshPort = ""] = connection.length === 4 ? connection.slice(2) : ["", client[2]]
  const name = hostname ?? ""
  const server = plainAddress.test(address) ? address : plainName.test(name) ? name : "this-machine"
  const user = [env["USER"], env["LOGNAME"], env["USERNAME"]].find((each) => each !== undefined && plainName.test(each))
  // When sshd is connected to a pipe it knows no port, and sets 65535.
  const portFlag = /^\d{1,5}$/.test(sshPort) && sshPort !== "22" && sshPort !== "65535" ? `-p ${sshPort} ` : ""
  return `ssh -N -L ${written} ${portFlag}${user === undefined ? "" : `${user}@`}${server}`
}
