/** Reads package-lock.json. */

/** A package as the lock file has it. */
export interface Locked {
  readonly version: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** The lock file. */
export interface Lock {
  readonly packages: Readonly<Record<string, Locked>>
}

/** An optional package that another one asks for and the lock file does not have. */
export interface Missing {
  readonly name: string
  readonly version: string
  readonly by: Locked
}

/** What `npm ci` would call missing from the lock file. */
export const missingOptional = ({ packages }: Lock): ReadonlyArray<Missing> =>
  Object.entries(packages).flatMap(([path, by]) =>
    Object.entries(by.optionalDependencies ?? {})
      .filter(([name]) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
      .map(([name, version]) => ({ name, version, by }))
  )

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"]
const processors = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"]

/** An entry that npm skips on every other system. The name says the system; such packages are named so. */
export const forSystem = ({ by, name, version }: Missing): Locked => {
  const words = name.split(/[/-]/)
  const os = words.filter((word) => systems.includes(word))
  const cpu = words.filter((word) => processors.includes(word))
  if (os.length !== 1 || cpu.length !== 1 || !/^\d/.test(version)) {
    throw new Error(`Cannot tell the system of ${name}@${version}. Add it to package-lock.json by hand`)
  }
  const libc = words.includes("musl")
    ? ["musl"]
    : words.some((word) => /^(gnu|glibc)/.test(word))
    ? ["glibc"]
    : undefined
  return { version, cpu, dev: by.dev, libc, optional: true, os } as Locked
}
