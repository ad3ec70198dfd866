/** What is found wrong with a document, before its examples are compiled and run. */
import { assert, describe, it } from "vitest"
import * as CitedTests from "../../scripts/docs/citedTests.ts"
import * as CodeBlocks from "../../scripts/docs/codeBlocks.ts"
import { sourceAsPage, withSources } from "../../scripts/docs/referencePages.ts"
import * as References from "../../scripts/docs/references.ts"

const block = (info: string) => `# Title\n\n\`\`\`${info}\nlet a = 1\n\`\`\`\n`

describe("the marks of a code block", () => {
  it.each(["ts", "ts no_run", "typescript", "js no_run", "sh", "text", "mermaid"])("may be: %s", (info) => {
    assert.deepStrictEqual(CodeBlocks.problems("a.md", block(info)), [])
  })

  it.each(["ts ignore", "js ignore", "ts no_run ignore", "ts,ignore", "typescript noeval"])(
    "may not leave a block out: %s",
    (info) => {
      const [problem = "", ...others] = CodeBlocks.problems("a.md", block(info))
      assert.match(problem, /^a\.md:3: `\w+ \w+` is not allowed/)
      assert.deepStrictEqual(others, [])
    }
  )

  it("name a language", () => {
    assert.match(CodeBlocks.problems("a.md", block("")).join(), /^a\.md:3: name the language/)
  })

  it("are read in doc comments, and of the beginning of a block alone", () => {
    const source = "/**\n * ```ts ignore\n * f()\n * ```\n *\n * ```ts\n * g()\n * ```\n */\n"
    assert.lengthOf(CodeBlocks.problems("a.ts", source), 1)
    assert.lengthOf(CodeBlocks.problems("a.md", block("ts ignore").repeat(3)), 3)
    assert.deepStrictEqual(CodeBlocks.problems("a.md", `\`\`\`\`md\n${block("ts ignore")}\`\`\`\`\n`), [])
  })

  it("become what Deno understands, and nothing else changes", () => {
    const text = `${block("ts no_run")}${block("ts")}no_run, and \`ts no_run\`\n${block("sh no_run")}`
    assert.strictEqual(CodeBlocks.runnable(text), text.replace("```ts no_run", "```ts ignore"))
    assert.strictEqual(
      CodeBlocks.runnable("/**\n * ```ts no_run\n * f()\n * ```\n */"),
      "/**\n * ```ts ignore\n * f()\n * ```\n */"
    )
  })
})

describe("a cited test", () => {
  const read = (path: string) => {
    if (path === "test/a.test.ts") return 'it("holds what\n  it says", f)\nit(`ends ${how}`, g)'
    throw new Error("no such file")
  }
  const problems = (item: string) => CitedTests.problems("a.md", `Words.\n\n- ${item}\n\nMore "words".\n`, read)

  it("is a name in its file, or begins one, also over two lines", () => {
    assert.deepStrictEqual(problems('`test/a.test.ts`: "holds what it says", "ends "'), [])
    assert.deepStrictEqual(problems('`test/a.test.ts`: "holds what\n  it says"'), [])
  })

  it("is missed where the file, or the name in it, is gone", () => {
    assert.deepStrictEqual(problems('`test/a.test.ts`: "holds what it says", "it says"'), [
      'a.md: test/a.test.ts has no test "it says"'
    ])
    assert.deepStrictEqual(problems('`test/b.test.ts`: "holds"'), ["a.md: there is no test/b.test.ts"])
    assert.deepStrictEqual(problems("`test/a.test.ts`: all of it"), [
      "a.md: name the tests of test/a.test.ts that are meant"
    ])
  })
})

describe("what a document refers to", () => {
  const files = ["README.md", "src/flow/Inbox.ts", "scripts/check.ts", "docs/a.md"]
  const problems = (text: string) => References.problems("docs/a.md", text, (path) => files.includes(path))

  it("is there: files, headings, paths of the repository and of its rooms", () => {
    const text =
      "# In the `a/b`, too\n[a](../README.md) [b](#in-the-ab-too) [c](https://a.example/b) `flow/Inbox.ts` " +
      "`src/flow/Inbox.ts` `scripts/check.ts` `test/*.ts` `flow.submit` `a/b`\n```sh\n[x](nowhere.md)\n```\n"
    assert.deepStrictEqual(problems(text), [])
  })

  it("is missed where it is gone", () => {
    assert.deepStrictEqual(problems("[a](README.md) [b](#there) `flow/Outbox.ts` `test/a.test.ts`"), [
      "docs/a.md: there is no README.md",
      "docs/a.md: there is no heading for #there",
      "docs/a.md: there is no flow/Outbox.ts",
      "docs/a.md: there is no test/a.test.ts"
    ])
  })
})

describe("a page of the reference", () => {
  const link = (path: string) => `<a href="file:&#x2F;&#x2F;&#x2F;${path.replaceAll("/", "&#x2F;")}">`

  it("leads to the source beside it, wherever it was written", () => {
    const html = link("home/me/repo/src/flow/Inbox.ts")
    const leads = (page: string) => withSources(html, "file:///home/me/repo/", page)
    assert.strictEqual(leads("index.html"), '<a href="source/src/flow/Inbox.ts.html">')
    assert.strictEqual(leads("mcp/~/Inbox.html"), '<a href="../../source/src/flow/Inbox.ts.html">')
  })

  it("keeps every other link", () => {
    const html = `${link("usr/lib/a.ts")}<a href="../~/Pkce.html">`
    assert.strictEqual(withSources(html, "file:///home/me/repo/", "mcp/index.html"), html)
  })

  it("shows a source as it is", () => {
    assert.include(sourceAsPage("src/a.ts", "a<b && c"), "<pre>a&lt;b &amp;&amp; c</pre>")
  })
})
