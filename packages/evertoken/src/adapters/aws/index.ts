export {
  awsTokenProvider,
  tokenSourceFromAws,
  type AwsTokenIdentity,
  type AwsTokenProvider,
} from "./aws-token-provider.js"
