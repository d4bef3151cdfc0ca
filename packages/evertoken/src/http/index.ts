export { createFetch, type CreateFetchOptions } from "./create-fetch.js"
