// What the pages use of Next.js, as it documents it: its package brings compilers for every machine, and is not installed.
declare module "next/headers" {
  export function cookies(): Promise<{
    toString(): string
    set(name: string, value: string, options?: object): unknown
  }>
  export function headers(): Promise<Headers>
}
