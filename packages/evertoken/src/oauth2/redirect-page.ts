/** What the browser is shown when it comes back. */
export interface RedirectPage {
  readonly status: number
  readonly title: string
  readonly text: string
}

/** A page that needs nothing from elsewhere. */
export function htmlOf({ title, text }: RedirectPage): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; color-scheme: light dark; margin: 15vh auto 0; max-width: 32rem; padding: 0 1rem }
  h1 { font-size: 1.5rem }
</style>
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
}
