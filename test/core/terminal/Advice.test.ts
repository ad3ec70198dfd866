import { assert, describe, it } from "@effect/vitest"
import { type Advice, advise, type Situation } from "../../../src/core/terminal/Advice.ts"
import { type Place, placeOf, type Surroundings } from "../../../src/core/terminal/Surroundings.ts"
import { Texts } from "../../../src/core/terminal/Texts.ts"

const surroundings: Readonly<Record<Place, Surroundings>> = {
  local: { platform: "darwin", env: {} },
  wsl: { platform: "linux", env: { WSL_DISTRO_NAME: "Ubuntu" } },
  ssh: { platform: "linux", env: { USER: "jane", SSH_CONNECTION: "10.0.0.2 50000 10.0.0.1 22" } },
  codespace: { platform: "linux", env: { CODESPACES: "true" }, containerFile: true },
  container: { platform: "linux", env: {}, containerFile: true },
  ci: { platform: "linux", env: { CI: "true" } },
  headless: { platform: "linux", env: {} }
}

const places = Object.keys(surroundings) as ReadonlyArray<Place>

const redirectUri = "http://127.0.0.1:49152/callback"
const command = "ssh -N -L 49152:127.0.0.1:49152 jane@10.0.0.1"

/** The advice in order; a command stands for itself. */
const instructions = (place: Place, situation: Partial<Situation>): ReadonlyArray<string> =>
  advise(surroundings[place], { redirectUri, listening: true, paste: true, ...situation })
    .map((step) => step._tag === "Command" ? step.command : step.advice)

it.each(places)("has surroundings of each place to be tried with: %s", (place) => {
  assert.strictEqual(placeOf(surroundings[place]), place)
})

describe("while something listens", () => {
  it.each<[Place, ReadonlyArray<Advice | typeof command>, ReadonlyArray<Advice | typeof command>]>([
    ["local", ["PasteIfElsewhere"], []],
    ["wsl", ["PasteFromWindows"], ["HandOver"]],
    [
      "ssh",
      ["ForwardPort", command, "ForwardPortNote", "OrPaste"],
      ["ForwardPort", command, "ForwardPortNote", "HandOver"]
    ],
    ["codespace", ["PasteFromCodespace"], ["HandOver"]],
    ["container", ["PasteFromContainer"], ["ReachContainer", "HandOver"]],
    ["ci", ["NobodyInCi", "PasteIfElsewhere"], ["NobodyInCi"]],
    ["headless", ["NoScreen"], ["HandOver"]]
  ])("says what to do: %s", (place, withPaste, withoutPaste) => {
    assert.deepStrictEqual(instructions(place, {}), withPaste)
    assert.deepStrictEqual(instructions(place, { paste: false }), withoutPaste)
  })

  it.each(places.filter((place) => place !== "ssh"))("says nothing twice: %s", (place) => {
    for (const paste of [true, false]) assert.deepStrictEqual(instructions(place, { paste, again: true }), [])
  })

  it("gives the command for one more port over SSH, and leaves out what was said", () => {
    for (const paste of [true, false]) {
      assert.deepStrictEqual(
        instructions("ssh", { paste, again: true, redirectUri: "http://localhost:8976/callback" }),
        [
          "ForwardPortAlso",
          "ssh -N -L 8976:localhost:8976 jane@10.0.0.1"
        ]
      )
    }
  })
})

describe("while nothing listens", () => {
  it.each(places)("says that only a paste is left, each time: %s", (place) => {
    for (const again of [false, true]) {
      const first = place === "ci" && !again ? ["NobodyInCi"] : []
      for (const forwarded of [false, true]) {
        const situation = { again, forwarded, listening: false }
        assert.deepStrictEqual(instructions(place, situation), [...first, "PasteOnly"])
        assert.deepStrictEqual(instructions(place, { ...situation, paste: false }), [...first, "NoWay"])
      }
    }
  })
})

describe("a redirect URI of the caller's own", () => {
  const own = [
    "https://me.tunnel.example/callback",
    "http://localhost:9000/callback",
    "https://localhost:8443/callback"
  ]

  it.each(places)("comes back through something that knows the way: %s", (place) => {
    const first = place === "ci" ? ["NobodyInCi"] : []
    for (const redirectUri of own) {
      const situation = { redirectUri, forwarded: true }
      assert.deepStrictEqual(instructions(place, situation), [...first, "PasteIfElsewhere"])
      assert.deepStrictEqual(instructions(place, { ...situation, paste: false }), first)
      assert.deepStrictEqual(instructions(place, { ...situation, again: true }), [])
    }
  })

  it("that no port can be forwarded for gets no command, and no note on one", () => {
    const situation = { redirectUri: "https://me.tunnel.example/callback" }
    assert.deepStrictEqual(instructions("ssh", situation), ["OrPaste"])
    assert.deepStrictEqual(instructions("ssh", { ...situation, paste: false }), ["HandOver"])
    assert.deepStrictEqual(instructions("ssh", { ...situation, again: true }), [])
  })
})

/** Every situation there is, in every place. */
const all = places.flatMap((place) =>
  [true, false].flatMap((listening) =>
    [true, false].flatMap((paste) =>
      [true, false].flatMap((again) =>
        [true, false].map((forwarded) => {
          const situation: Situation = { redirectUri, listening, paste, again, forwarded }
          return { place, situation, said: advise(surroundings[place], situation) }
        })
      )
    )
  )
)

const advices = Object.keys(Texts.english.advice) as ReadonlyArray<Advice>

describe("every situation", () => {
  it("asks for no paste where none is read", () => {
    for (const { place, said, situation } of all.filter(({ situation }) => !situation.paste)) {
      for (const step of said) {
        if (step._tag === "Command") continue
        assert.notMatch(Texts.english.advice[step.advice], /paste it|or paste/i, JSON.stringify({ place, situation }))
      }
    }
  })

  it("says how to paste where a paste is the only way, or no browser may get here", () => {
    for (const { place, said, situation } of all) {
      if (!situation.paste || situation.again === true && situation.listening) continue
      const sentences = said.map((step) => step._tag === "Advice" ? Texts.english.advice[step.advice] : "")
      assert.match(sentences.join(" "), /paste it here/, JSON.stringify({ place, situation }))
    }
  })

  it("says nothing twice in one screen, and introduces each command", () => {
    for (const { said } of all) {
      const texts = said.map((step) => step._tag === "Command" ? step.command : step.advice)
      assert.strictEqual(new Set(texts).size, texts.length)
      const at = said.findIndex(({ _tag }) => _tag === "Command")
      if (at < 0) continue
      const before = said[at - 1]
      assert.isTrue(before?._tag === "Advice" && Texts.english.advice[before.advice].endsWith(":"))
    }
  })

  it.each(advices)("has one for each piece of advice: %s", (advice) => {
    assert.isTrue(all.some(({ said }) => said.some((step) => step._tag === "Advice" && step.advice === advice)))
  })
})
