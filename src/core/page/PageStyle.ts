/**
 * The style sheet of the page at the end of a sign-in: light and dark, for phones and large screens, loading nothing.
 */

/** The style sheet. Its hash is the next constant; a test compares the two. */
export const style: string = ":root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--ink:#1b1f24;--soft:#515a66;" +
  "--line:#d4d8de;--good:#116e45;--bad:#b4232a;--calm:#3450c8;" +
  "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}" +
  "@media(prefers-color-scheme:dark){:root{--page:#101214;--card:#1a1d21;--ink:#eceef1;--soft:#a9b2bd;--line:#343a41;" +
  "--good:#4ad395;--bad:#ff8f92;--calm:#9db0ff}}" +
  "*{box-sizing:border-box}" +
  "body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1rem;" +
  "background:var(--page);color:var(--ink)}" +
  "main{width:100%;max-width:30rem;padding:2rem;background:var(--card);border:1px solid var(--line);" +
  "border-radius:1rem;overflow-wrap:anywhere}" +
  "svg{display:block;width:2.5rem;height:2.5rem;margin:0 0 1rem;fill:none;stroke:currentColor;stroke-width:2;" +
  "stroke-linecap:round;stroke-linejoin:round}" +
  ".good svg{color:var(--good)}.bad svg{color:var(--bad)}.calm svg{color:var(--calm)}" +
  "h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}" +
  "p{margin:0;color:var(--soft)}" +
  "p+p{margin-top:1.25rem}" +
  "code{display:block;margin-top:.25rem;padding:.75rem;border:1px solid var(--line);border-radius:.5rem;" +
  "background:var(--page);color:var(--ink);font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}" +
  "@media(max-width:26rem){main{padding:1.25rem}}"

/** Base64 SHA-256 of `style`, for the Content-Security-Policy. */
export const styleHash: string = "OSa0wtcTEk8uj4aV2nEr1c2uAlCyMSVpF+OBZVJz8mQ="
