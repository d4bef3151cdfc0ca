import type { TokenContext } from "@evertoken/session"
import { withTokens } from "@evertoken/session/web"
import { statusOf, type Shop } from "./shop.js"

/** Route handlers as Next.js has them: each is exported by the file `route.ts` of its folder in `app`. */
export function routeHandlers({ tokens, signIn, invoices, signOut }: Shop) {
  const answering = (page: (context: TokenContext) => Promise<string>) =>
    withTokens(tokens, async (_request, context) => {
      try {
        return new Response(await page(context))
      } catch (error) {
        return new Response("sign in first", { status: statusOf(error) })
      }
    })
  return {
    "app/login/route.ts": { POST: answering(signIn) },
    "app/invoices/route.ts": { GET: answering(invoices) },
    "app/logout/route.ts": { POST: answering(signOut) },
  }
}
