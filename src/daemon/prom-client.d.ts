/** The formatter alone: the whole of prom-client costs five times the memory. */
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client';
  export = Registry;
}
