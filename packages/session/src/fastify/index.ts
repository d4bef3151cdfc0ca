export { fastifyContext, fastifyTokens, type FastifyReplyLike, type FastifyRequestLike } from "./fastify-tokens.js"
