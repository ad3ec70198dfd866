/** Effect 4's encodings by the names of Effect 3. */
import * as Base64 from "effect4/encoding/Base64"
import * as Base64Url from "effect4/encoding/Base64Url"

export const encodeBase64: typeof Base64.encode = Base64.encode
export const encodeBase64Url: typeof Base64Url.encode = Base64Url.encode
