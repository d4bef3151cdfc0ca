// The server puts the library there.
export { default } from "uplot"
