/** Effect 4's encodings by the names of Effect 3. */
import * as Base64 from "effect4/encoding/Base64"
import * as Base64Url from "effect4/encoding/Base64Url"
import * as Result from "effect4/Result"
import * as Either from "./Either.ts"

export const encodeBase64: typeof Base64.encode = Base64.encode
export const decodeBase64Url = (text: string): Either.Either<Uint8Array, unknown> =>
  Result.match(Base64Url.decode(text), { onFailure: (error) => Either.left(error), onSuccess: Either.right })
export const encodeBase64Url: typeof Base64Url.encode = Base64Url.encode
