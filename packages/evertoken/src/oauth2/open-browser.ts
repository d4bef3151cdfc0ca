/**
 * Opens a URL in the user's browser, by the package `open`, which is loaded when it is first needed. The URL is on the
 * browser's command line.
 * @returns a promise that rejects if that fails; it may take as long as the browser runs to know that it has not.
 */
export async function openBrowser(url: string): Promise<void> {
  const { default: open } = await import("open")
  const launcher = await open(url)
  await new Promise<void>((resolve, reject) => {
    launcher.once("error", reject)
    launcher.once("close", (code) => (code === 0 ? resolve() : reject(new Error("the launcher of the browser failed"))))
  })
}
