/**
 * What people, and the log of a web service, are told of a request that was refused. No answer can be pasted there: what is
 * said elsewhere about the paste is said in another way.
 */
import { callbackReasons, type HttpRefusalReason } from "../oauth/RefusalReason.ts"
import { PageTexts, type PageTexts as Texts } from "../page/PageTexts.ts"

/** The sentence of each reason; none ends in a full stop. */
export const hostedReasons: Readonly<Record<HttpRefusalReason, string>> = {
  ...callbackReasons,
  HttpsRequest: "A browser came by https, where only http is spoken",
  WrongHost: "A request named another host than the redirect URI has. If a proxy in front of this service sets the " +
    "header `Host`, let it pass on the one of the browser, or name its own in the option `hosts`",
  WrongPath:
    "A request asked for another path than the redirect URI has, perhaps one with a slash more. If a proxy or a " +
    "router in front of this service changes it, name its own in the option `path`",
  UninvitedForm:
    "A form was posted where the answer was asked for in the address. If the server answers in no other way, " +
    "set the option `responseMode` of this service to `form_post`",
  NotANavigation:
    "A page sent a request in the background; only a browser going to the address itself counts. If the " +
    "sign-in page delivers its answer so, name that page's origin in the option `allowOrigins` of this service",
  StateMissing: "A request came to the callback without `state`, so it may answer any sign-in. Start the sign-in again",
  DenialWithoutState:
    "An error came to the callback without `state`, so it may be of any sign-in. If one was declined or has failed, " +
    "start it again"
}

const again = "Go back to where you began the sign-in, and start it again."

/** The English sentences of the page of a web service. */
export const hostedEnglish: Texts = {
  ...PageTexts.english,
  refused: (about) => {
    const { title, text } = PageTexts.english.refused(about)
    switch (about.reason) {
      case "StateMissing":
        return { title, text: `It cannot be told whose answer this is: no \`state\` came with it. ${again}` }
      case "WrongPath":
        return {
          title,
          text:
            `The answer came to another address than it was asked for at, so it was not taken. ${again} If it ends ` +
            "here each time, whoever runs the service has to look at it: the path is not that of its redirect URI."
        }
      default:
        return { title, text }
    }
  }
}
