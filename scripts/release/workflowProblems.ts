/** What a workflow must not do: run an action that may change under its tag, or hold a secret. */

/** The problems of one workflow, by its text. */
export const workflowProblems = (file: string, text: string): ReadonlyArray<string> => [
  ...text.split("\n").flatMap((line, index) => {
    const at = `${file}:${index + 1}`
    const [, action] = /^\s*(?:-\s+)?uses:\s*(.*?)\s*$/.exec(line) ?? []
    const isPinned = action === undefined || /^\.\//.test(action) ||
      /^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)
    return [
      ...isPinned ? [] : [`${at}: ${action} is not pinned to a commit, with its version in a comment`],
      ...(/\bsecrets\b/.test(line) ? [`${at}: no workflow needs a secret`] : []),
      ...(/^\s+permissions:\s*(?:write-all|read-all)\b/.test(line) ? [`${at}: name each permission`] : [])
    ]
  }),
  ...(/^permissions: \{\}$/m.test(text) ? [] : [`${file}: "permissions: {}" is missing at its top`])
]
