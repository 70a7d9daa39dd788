/** trio-sfu's connection test: loaded when used. */
export { type ConnectionTestOptions, testConnection } from "./connection-test.ts";
export {
  type Check,
  canCall,
  type Finding,
  type FindingState,
  type Way,
  wayOf,
} from "./finding.ts";
