// What anybody on the machine can see of a run while it lasts: names of files, titles and command lines of processes.
import { readdir, readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The names of all that tests of this repository keep among the temporary files. */
export async function temporaryNames() {
  const tops = (await readdir(tmpdir())).filter((name) => name.startsWith("evertoken"))
  const below = tops.map((top) => readdir(join(tmpdir(), top), { recursive: true }).catch(() => []))
  return [...tops, ...(await Promise.all(below)).flat()]
}

/** Title and command line of process `root` and all that it has started, and they, by pid. Empty where there is no /proc. */
export async function processTitles(root) {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const parents = new Map()
  for (const pid of pids) parents.set(pid, await parentOf(pid))
  const isOurs = (pid) => pid === String(root) || (parents.has(pid) && isOurs(parents.get(pid)))
  const titles = new Map()
  for (const pid of pids.filter(isOurs)) {
    const texts = await Promise.all(
      ["comm", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")),
    )
    titles.set(pid, texts.join("\n").replaceAll("\0", " "))
  }
  return titles
}

// proc_pid_stat(5): field 4, after a name that may contain anything
async function parentOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[1]
}
